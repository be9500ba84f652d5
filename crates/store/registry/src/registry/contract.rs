//! The two sides of the registry: the store's contract for questions and changes, and what engines
//! tell it.

use super::{DatabaseRegistry, in_time};
use crate::{
    RegistryLimits,
    known::{Known, Project, put_old},
    repository::{Database, PromotedRow, RegistryReply, RegistryTransaction, ServiceOf},
};
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use hinomi_store::{
    BatchNames, Deployed, LearnedTo, Names, OldNames, Peer, PromoteError, Reply, SeenVersion,
    ServiceLabels, ServiceSettings, StoreError, is_promotable,
};
use std::{collections::HashMap, fmt::Write, future::ready, sync::Arc};
use xxhash_rust::xxh3::Xxh3;

impl DatabaseRegistry {
    /// What `look` finds in a project; the default when nothing is known of it.
    fn of<T: Default>(&self, project: &str, look: impl FnOnce(&Project) -> T) -> T {
        self.shared
            .read()
            .get(project)
            .map(look)
            .unwrap_or_default()
    }

    /// A change, with its error as the contract tells it.
    async fn told(
        &self,
        make: impl for<'a> FnOnce(&'a mut dyn RegistryTransaction) -> RegistryReply<'a, ()>
        + Send
        + 'static,
        apply: impl FnOnce(&mut Known, &RegistryLimits) + Send + 'static,
    ) -> Result<(), StoreError> {
        let changed = self.change(make, apply).await;
        changed.map_err(|error| error.of_a_change())
    }
}

impl hinomi_store::Registry for DatabaseRegistry {
    fn services(&self, project: Text) -> Reply<'_, Vec<(ServiceKey, UnixNanos)>> {
        let services = self.of(&project, |project| project.services.all());
        Box::pin(ready(Ok(services)))
    }

    fn peers(&self, project: Text) -> Reply<'_, Vec<(Text, Text)>> {
        let peers = self.of(&project, |project| project.peers.all());
        Box::pin(ready(Ok(peers)))
    }

    fn learn_peer(&self, project: Text, peer: Peer) -> Reply<'_, ()> {
        Box::pin(async move {
            let limits = &self.shared.limits;
            let is_new = {
                let mut known = self.shared.write();
                known.of(&project).peers.see(&peer, limits)
            };
            // No batch of the engine says it again, so it does not wait for a flush.
            if is_new {
                self.write_learned().await;
            }
            Ok(())
        })
    }

    fn labels(&self, project: &str) -> HashMap<ServiceKey, ServiceLabels> {
        self.of(project, |project| project.labels.all().clone())
    }

    fn versions(&self, project: &str) -> Vec<SeenVersion> {
        self.of(project, |project| project.versions.all())
    }

    fn deployments(&self, project: &str) -> Vec<Deployed> {
        self.of(project, |project| {
            project.deployments.iter().cloned().collect()
        })
    }

    fn add_deployment(&self, project: Text, deployed: Deployed) -> Reply<'_, ()> {
        let most = self.shared.limits.deployments;
        let row = (project.clone(), deployed.clone());
        Box::pin(self.told(
            move |begun| {
                Box::pin(async move {
                    let project = row.0.clone();
                    begun.add_deployments(vec![row]).await?;
                    begun.keep_deployments(project, most).await
                })
            },
            move |known, limits| known.add_deployment(&project, deployed, limits),
        ))
    }

    fn promoted_attributes(&self, project: &str) -> Vec<(Text, UnixNanos)> {
        self.of(project, |project| {
            let promoted = project.promoted.iter();
            promoted.map(|(key, since)| (key.clone(), *since)).collect()
        })
    }

    fn promote_attribute(
        &self,
        project: Text,
        key: Text,
        now: UnixNanos,
    ) -> Reply<'_, (), PromoteError> {
        Box::pin(async move {
            if !is_promotable(&key) {
                return Err(PromoteError::Key);
            }
            let limit = self.shared.limits.promoted_attributes;
            let (is_promoted, count) = self.of(&project, |project| {
                let promoted = &project.promoted;
                (promoted.contains_key(&key), promoted.len())
            });
            if is_promoted {
                return Ok(());
            }
            if count >= limit {
                return Err(PromoteError::TooMany { limit });
            }
            let row = PromotedRow {
                project: project.clone(),
                key: key.clone(),
                since: now,
            };
            let promoted = self.told(
                move |begun| begun.promote(vec![row]),
                move |known, _| {
                    let promoted = &mut known.of(&project).promoted;
                    promoted.entry(key).or_insert(now);
                },
            );
            Ok(promoted.await?)
        })
    }

    fn demote_attribute(&self, project: Text, key: Text) -> Reply<'_, ()> {
        let (of, gone) = (project.clone(), key.clone());
        Box::pin(self.told(
            move |begun| begun.demote(of, gone),
            move |known, _| {
                known.of(&project).promoted.remove(&key);
            },
        ))
    }

    fn service_settings(&self, project: &str) -> HashMap<ServiceKey, ServiceSettings> {
        self.of(project, |project| project.settings.clone())
    }

    fn set_service_settings(
        &self,
        project: Text,
        service: ServiceKey,
        settings: ServiceSettings,
    ) -> Reply<'_, ()> {
        Box::pin(async move {
            let most = self.shared.limits.service_settings;
            let is_full = self.of(&project, |project| {
                let is_new = !project.settings.contains_key(&service);
                is_new && project.settings.len() >= most
            });
            if is_full {
                return Err(StoreError::TooMuch(format!(
                    "{most} services have settings already; reset those of one first"
                )));
            }
            let of = ServiceOf {
                project: project.clone(),
                service: service.clone(),
            };
            let set = self.told(
                move |begun| begun.set(of, settings),
                move |known, _| {
                    let all = &mut known.of(&project).settings;
                    match settings == ServiceSettings::default() {
                        true => drop(all.remove(&service)),
                        false => drop(all.insert(service, settings)),
                    }
                },
            );
            set.await
        })
    }
}

impl Names for DatabaseRegistry {
    fn learn(&self, project: &Text, names: &BatchNames) {
        let mut known = self.shared.write();
        known.learn(project, names, &self.shared.limits);
    }

    fn promoted_keys(&self, project: &str) -> Vec<Text> {
        self.of(project, |project| {
            project.promoted.keys().cloned().collect()
        })
    }

    fn write(&self, mark: Option<LearnedTo>) {
        if self.shared.is_paused() {
            return;
        }
        let (shared, time) = (self.shared.clone(), self.shared.limits.write_time);
        let written = self
            .worker
            .run_blocking(move |database| shared.write_learned(database, mark), time);
        if let Err(error) = written {
            self.shared.failed(&error);
            self.shared.pause(Some(self.shared.limits.retry_pause));
        }
    }

    fn learned_to(&self, node: &str) -> u64 {
        self.shared.read().learned.get(node).copied().unwrap_or(0)
    }

    fn forget_before(&self, before: UnixNanos) -> bool {
        self.shared.write().forget_before(before)
    }

    fn take_over(&self, mut names: OldNames, mark: Option<LearnedTo>) -> Reply<'_, ()> {
        names.sort();
        let digest = digest(&names);
        let shared = self.shared.clone();
        let work = move |database: Arc<dyn Database>| async move {
            let (kept, limits) = (names.clone(), shared.limits);
            let learned = mark.clone();
            let taken = in_time(limits.open_time, async {
                let mut begun = database.begin().await?;
                let is_new = begun.begin_take_over(digest).await?;
                if is_new {
                    put_old(names, &mut *begun, &limits).await?;
                }
                if let Some(mark) = mark {
                    begun.set_learned(mark).await?;
                }
                begun.commit().await?;
                Ok(is_new)
            });
            let taken = taken.await.inspect_err(|error| shared.failed(error));
            // After a failure they are shown too, and taken over at the next start.
            let mut known = shared.write();
            if !matches!(taken, Ok(false)) {
                known.take_over(kept, &limits);
            }
            if let (Ok(_), Some(mark)) = (&taken, learned) {
                known.learned.insert(mark.node, mark.sequence);
            }
            drop(known);
            taken.map(|_| ())
        };
        Box::pin(async move {
            let taken = self.worker.run(work).await.and_then(|taken| taken);
            taken.map_err(|error| error.of_a_change())
        })
    }
}

/// A digest of old names. Equal names have equal digests: they are sorted.
fn digest(names: &OldNames) -> Text {
    /// Feeds the hash with text as it is formatted.
    struct Hashed(Xxh3);
    impl Write for Hashed {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0.update(text.as_bytes());
            Ok(())
        }
    }
    let mut hashed = Hashed(Xxh3::new());
    // Writing to a hash cannot fail. The derived format names every field.
    let _ = write!(hashed, "{names:?}");
    format!("{:032x}", hashed.0.digest128()).into()
}
