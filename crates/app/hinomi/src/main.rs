//! The binary: command line, configuration, wiring, start and stop.

mod amounts;
mod backup;
mod cli;
mod config;
mod connections;
mod demo;
mod deployment;
mod doctor;
mod memory;
mod metrics;
mod probe;
mod registry;
mod retention;
mod server;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hinomi: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: cli::Cli) -> anyhow::Result<ExitCode> {
    config::check_environment(std::env::vars_os())?;
    match cli.command {
        cli::Command::Serve(flags) => {
            let config = config::Config::resolve(flags, config::Profile::Serve)?;
            log_to_stderr(&config);
            server::run(&config, |_| async { Ok(()) }).map(|()| ExitCode::SUCCESS)
        }
        cli::Command::Demo(flags) => demo::run(flags).map(|()| ExitCode::SUCCESS),
        cli::Command::Doctor(flags) => doctor::run(&flags),
        cli::Command::Backup(flags) => backup::run(&flags),
        cli::Command::Restore(flags) => backup::restore(&flags),
        cli::Command::Deployment(flags) => deployment::run(&flags),
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
