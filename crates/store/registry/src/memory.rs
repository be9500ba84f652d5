//! A database in memory, for tests and simulations. It outlives the registry on it, as a disk
//! outlives a process, and it can be told to fail.

use crate::repository::{
    Database, Deployments, Engines, LabelRow, Labels, Peers, PromotedAttributes, PromotedRow,
    RegistryReply, RegistryTransaction, ServiceOf, ServiceRow, Services, SettingsOfServices,
    VersionRow, Versions,
};
use hinomi_model::{Text, UnixNanos};
use hinomi_store::{Deployed, LearnedTo, Peer, ServiceSettings};
use std::{
    collections::{BTreeMap, BTreeSet},
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A database in memory. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryDatabase {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    tables: Tables,
    /// Commits that still succeed; `None` when all do.
    commits_left: Option<u64>,
}

#[derive(Clone, Default)]
struct Tables {
    services: BTreeMap<ServiceOf, UnixNanos>,
    versions: BTreeMap<(ServiceOf, Text), UnixNanos>,
    labels: BTreeMap<(ServiceOf, Text), Text>,
    peers: BTreeMap<(Text, Text), Peer>,
    deployments: Vec<(Text, Deployed)>,
    promoted: BTreeMap<(Text, Text), UnixNanos>,
    settings: BTreeMap<ServiceOf, ServiceSettings>,
    learned: BTreeMap<Text, u64>,
    taken_over: BTreeSet<Text>,
}

impl MemoryDatabase {
    /// Lets every commit after the next `commits` fail, as if the process had ended before it; `None`
    /// lets all succeed again.
    pub fn fail_after(&self, commits: Option<u64>) {
        self.lock().commits_left = commits;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Database for MemoryDatabase {
    fn begin(&self) -> RegistryReply<'_, Box<dyn RegistryTransaction>> {
        let begun = Begun {
            tables: self.lock().tables.clone(),
            database: self.clone(),
        };
        done(Box::new(begun) as Box<dyn RegistryTransaction>)
    }

    fn close(&self) -> RegistryReply<'_, ()> {
        done(())
    }
}

/// A transaction: a copy of the tables, which replaces them at its commit.
struct Begun {
    tables: Tables,
    database: MemoryDatabase,
}

fn done<T: Send + 'static>(answer: T) -> RegistryReply<'static, T> {
    Box::pin(ready(Ok(answer)))
}

impl RegistryTransaction for Begun {
    fn commit(self: Box<Self>) -> RegistryReply<'static, ()> {
        let mut inner = self.database.lock();
        match &mut inner.commits_left {
            Some(0) => return Box::pin(ready(Err(sqlx::Error::WorkerCrashed.into()))),
            Some(left) => *left -= 1,
            None => {}
        }
        inner.tables = self.tables;
        done(())
    }
}

impl Services for Begun {
    fn services(&mut self) -> RegistryReply<'_, Vec<ServiceRow>> {
        let rows = self.tables.services.iter().map(|(of, newest)| ServiceRow {
            of: of.clone(),
            newest: *newest,
        });
        done(rows.collect())
    }

    fn put_services(&mut self, rows: Vec<ServiceRow>) -> RegistryReply<'_, ()> {
        for row in rows {
            let newest = self.tables.services.entry(row.of).or_insert(row.newest);
            *newest = row.newest.max(*newest);
        }
        done(())
    }

    fn remove_services(&mut self, of: Vec<ServiceOf>) -> RegistryReply<'_, ()> {
        for of in of {
            self.tables.services.remove(&of);
        }
        done(())
    }
}

impl Versions for Begun {
    fn versions(&mut self) -> RegistryReply<'_, Vec<VersionRow>> {
        let rows = self.tables.versions.iter();
        let rows = rows.map(|((of, version), first)| VersionRow {
            of: of.clone(),
            version: version.clone(),
            first: *first,
        });
        done(rows.collect())
    }

    fn put_versions(&mut self, rows: Vec<VersionRow>) -> RegistryReply<'_, ()> {
        for row in rows {
            let first = self.tables.versions.entry((row.of, row.version));
            let first = first.or_insert(row.first);
            *first = row.first.min(*first);
        }
        done(())
    }

    fn remove_versions(&mut self, of: Vec<(ServiceOf, Text)>) -> RegistryReply<'_, ()> {
        for of in of {
            self.tables.versions.remove(&of);
        }
        done(())
    }
}

impl Labels for Begun {
    fn labels(&mut self) -> RegistryReply<'_, Vec<LabelRow>> {
        let rows = self
            .tables
            .labels
            .iter()
            .map(|((of, name), value)| LabelRow {
                of: of.clone(),
                name: name.clone(),
                value: value.clone(),
            });
        done(rows.collect())
    }

    fn put_labels(&mut self, rows: Vec<LabelRow>) -> RegistryReply<'_, ()> {
        for row in rows {
            self.tables.labels.insert((row.of, row.name), row.value);
        }
        done(())
    }

    fn put_missing_labels(&mut self, rows: Vec<LabelRow>) -> RegistryReply<'_, ()> {
        for row in rows {
            let label = self.tables.labels.entry((row.of, row.name));
            label.or_insert(row.value);
        }
        done(())
    }
}

impl Peers for Begun {
    fn peers(&mut self) -> RegistryReply<'_, Vec<(Text, Peer)>> {
        let rows = self.tables.peers.iter();
        done(
            rows.map(|((project, _), peer)| (project.clone(), peer.clone()))
                .collect(),
        )
    }

    fn put_peers(&mut self, rows: Vec<(Text, Peer)>) -> RegistryReply<'_, ()> {
        for (project, peer) in rows {
            let key = (project, peer.target.clone());
            let have = self.tables.peers.get(&key);
            if have.is_none_or(|have| have.seen <= peer.seen) {
                self.tables.peers.insert(key, peer);
            }
        }
        done(())
    }

    fn remove_peers(&mut self, of: Vec<(Text, Text)>) -> RegistryReply<'_, ()> {
        for of in of {
            self.tables.peers.remove(&of);
        }
        done(())
    }
}

impl Deployments for Begun {
    fn deployments(&mut self) -> RegistryReply<'_, Vec<(Text, Deployed)>> {
        done(self.tables.deployments.clone())
    }

    fn add_deployments(&mut self, rows: Vec<(Text, Deployed)>) -> RegistryReply<'_, ()> {
        self.tables.deployments.extend(rows);
        done(())
    }

    fn keep_deployments(&mut self, project: Text, most: usize) -> RegistryReply<'_, ()> {
        let all = &mut self.tables.deployments;
        let of_project = all.iter().filter(|(of, _)| *of == project).count();
        let mut over = of_project.saturating_sub(most);
        all.retain(|(of, _)| {
            let goes = *of == project && over > 0;
            over -= usize::from(goes);
            !goes
        });
        done(())
    }
}

impl PromotedAttributes for Begun {
    fn promoted(&mut self) -> RegistryReply<'_, Vec<PromotedRow>> {
        let rows = self.tables.promoted.iter();
        let rows = rows.map(|((project, key), since)| PromotedRow {
            project: project.clone(),
            key: key.clone(),
            since: *since,
        });
        done(rows.collect())
    }

    fn promote(&mut self, rows: Vec<PromotedRow>) -> RegistryReply<'_, ()> {
        for row in rows {
            let since = self.tables.promoted.entry((row.project, row.key));
            since.or_insert(row.since);
        }
        done(())
    }

    fn demote(&mut self, project: Text, key: Text) -> RegistryReply<'_, ()> {
        self.tables.promoted.remove(&(project, key));
        done(())
    }
}

impl SettingsOfServices for Begun {
    fn settings(&mut self) -> RegistryReply<'_, Vec<(ServiceOf, ServiceSettings)>> {
        let rows = self.tables.settings.iter();
        done(rows.map(|(of, settings)| (of.clone(), *settings)).collect())
    }

    fn set(&mut self, of: ServiceOf, settings: ServiceSettings) -> RegistryReply<'_, ()> {
        if settings == ServiceSettings::default() {
            self.tables.settings.remove(&of);
        } else {
            self.tables.settings.insert(of, settings);
        }
        done(())
    }
}

impl Engines for Begun {
    fn learned(&mut self) -> RegistryReply<'_, Vec<LearnedTo>> {
        let rows = self
            .tables
            .learned
            .iter()
            .map(|(node, sequence)| LearnedTo {
                node: node.clone(),
                sequence: *sequence,
            });
        done(rows.collect())
    }

    fn set_learned(&mut self, mark: LearnedTo) -> RegistryReply<'_, ()> {
        self.tables.learned.insert(mark.node, mark.sequence);
        done(())
    }

    fn begin_take_over(&mut self, digest: Text) -> RegistryReply<'_, bool> {
        done(self.tables.taken_over.insert(digest))
    }
}
