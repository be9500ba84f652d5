//! The binary: command line, configuration, wiring, lifecycle.

mod amounts;
mod cli;
mod config;
mod demo;
mod metrics;
mod server;

use clap::Parser;
use std::process::ExitCode;

// Made for many threads that allocate small pieces and free them on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hinomi: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: cli::Cli) -> anyhow::Result<()> {
    config::check_environment(std::env::vars_os())?;
    match cli.command {
        cli::Command::Serve(flags) => {
            let config = config::Config::resolve(flags, config::Profile::Serve)?;
            log_to_stderr(&config);
            server::run(&config, |_| async { Ok(()) })
        }
        cli::Command::Demo(flags) => demo::run(flags),
    }
}

fn log_to_stderr(config: &config::Config) {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        cli::LogFormat::Text => subscriber.init(),
        cli::LogFormat::Json => subscriber.json().init(),
    }
}
