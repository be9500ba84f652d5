//! Plays seeds of the simulated workload and prints the scoreboard of claims.

use anyhow::Result;
use clap::Parser;
use hinomi_claims::{Play, Scene, play, table};
use std::time::Duration;

/// What to play.
#[derive(Parser)]
struct Options {
    /// Number of seeds; four kinds of scenes take turns
    #[arg(long, default_value_t = 8)]
    seeds: usize,
    /// Seeds to leave out at the start of the list: to tune on seeds that the scoreboard does not use
    #[arg(long, default_value_t = 0)]
    skip: usize,
    /// Simulated hours that are scored for each seed
    #[arg(long, default_value_t = 1.0)]
    hours: f64,
    /// Edge requests a second, before the rhythm of the day
    #[arg(long, default_value_t = 2.0)]
    rate: f64,
    /// Simulated minutes before that, without questions
    #[arg(long, default_value_t = 60)]
    history_minutes: u64,
    /// Also list every episode
    #[arg(long)]
    episodes: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut plays = Vec::new();
    for number in options.skip..options.skip + options.seeds {
        let scene = Scene::nth(number, options.rate);
        eprintln!("seed {}: {}", scene.workload.seed, scene.name);
        let what = Play {
            scene,
            lasts: Duration::from_secs_f64(options.hours * 3_600.0),
            history: Duration::from_secs(options.history_minutes * 60),
        };
        let played = runtime.block_on(play(what))?;
        if options.episodes {
            println!("{}", table::details(&played));
        }
        plays.push(played);
    }
    println!("{}", table::markdown(&table::rows(&plays)));
    Ok(())
}
