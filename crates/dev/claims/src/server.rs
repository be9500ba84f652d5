//! A server without sockets: decoder, admission, lake, live window and analysis on a clock that is
//! set by hand.

use anyhow::{Context, Result, ensure};
use hinomi_analysis::Analysis;
use hinomi_ingest::{Ingest, IngestLimits, IngestMetrics, Secret};
use hinomi_io::{RealDisk, clock::ManualClock};
use hinomi_lake::{Lake, LakeConfig, LakeLimits, Retention};
use hinomi_live::{Live, LiveLimits};
use hinomi_model::{Text, UnixNanos};
use hinomi_otlp::{Admissible, Decoder};
use hinomi_query::Query;
use hinomi_registry::DatabaseRegistry;
use hinomi_sim::Batch;
use hinomi_store::{Joined, Store};
use hinomi_testkit::SeededEntropy;
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;

/// The project of all data.
pub(crate) const PROJECT: &str = "default";
/// A memtable is written when it is this old. Long, because answers do not depend on it and writing
/// takes time.
const MEMTABLE_AGE: Duration = Duration::from_secs(15 * 60);

/// The server.
pub(crate) struct Server {
    clock: Arc<ManualClock>,
    decoder: Decoder,
    ingest: Ingest,
    live: Arc<Live>,
    lake: Lake,
    /// Answers with numbers.
    pub(crate) query: Arc<Query>,
    /// Answers with claims.
    pub(crate) analysis: Analysis,
    _dir: TempDir,
}

impl Server {
    /// An empty server whose clock shows `now`.
    pub(crate) async fn start(now: UnixNanos) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let clock = Arc::new(ManualClock::at(now.0));
        let config = LakeConfig {
            dir: dir.path().to_owned(),
            node: "node-1".into(),
            limits: LakeLimits {
                memtable_age: MEMTABLE_AGE,
                retention: Retention::FOREVER,
                scrub_bytes_per_second: 0,
                ..LakeLimits::default()
            },
        };
        let entropy = Arc::new(SeededEntropy::new(1));
        let registry = DatabaseRegistry::in_memory().await?;
        let disk = Arc::new(RealDisk);
        let opened = Lake::open(
            config,
            disk,
            clock.clone(),
            entropy.clone(),
            registry.clone(),
        );
        let (lake, _) = opened.await.context("the store could not be opened")?;
        let store: Arc<dyn Store> = Arc::new(Joined {
            telemetry: lake.clone(),
            registry,
        });
        let live = Arc::new(Live::new(now, LiveLimits::default()));
        let projects: [Text; 1] = [PROJECT.into()];
        let ingest = Ingest::new(
            store.clone(),
            live.clone(),
            lake.clock(),
            IngestLimits::default(),
            IngestMetrics::default(),
            &projects,
            Secret::new(&*entropy),
        );
        let ingest = ingest.await?;
        ingest.restore().await?;
        let query = Arc::new(Query::new(store, live.clone(), lake.clock()));
        Ok(Self {
            clock,
            decoder: Decoder::new(hinomi_otlp::Limits::default()),
            ingest,
            live,
            analysis: Analysis::new(query.clone(), lake.clock()),
            lake,
            query,
            _dir: dir,
        })
    }

    /// Lets time pass until `now`.
    pub(crate) fn advance(&self, now: UnixNanos) {
        self.clock.advance(now.since(self.query.now()));
    }

    /// Receives a request. An error when not every span of it is accepted.
    pub(crate) async fn receive(&self, batch: &Batch) -> Result<()> {
        let (now, oldest) = self.ingest.now_and_oldest();
        let received = self
            .decoder
            .protobuf(&batch.encode(), Admissible { now, oldest })?;
        if let Some(newest) = received.newest {
            self.ingest.witness(newest);
        }
        let sent = batch.spans().len();
        let admitted = self.ingest.spans(&PROJECT.into(), received.spans).await?;
        ensure!(
            admitted.accepted == sent,
            "{} of {sent} spans were accepted",
            admitted.accepted
        );
        Ok(())
    }

    /// Moves the live window to the present, as the server does twice a second.
    pub(crate) fn tick(&self) {
        self.live.tick(self.query.now());
    }

    /// Ends the threads of the store.
    pub(crate) async fn stop(self) -> Result<()> {
        Ok(self.lake.close().await?)
    }
}
