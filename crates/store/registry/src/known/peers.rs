//! Called hosts of a project that are services.

use super::changes::Changes;
use crate::RegistryLimits;
use hinomi_model::{Text, UnixNanos};
use hinomi_store::Peer;
use std::{collections::HashMap, time::Duration};

/// The time when a host was last seen is updated at most once per this period.
const SEEN_AGAIN: Duration = Duration::from_secs(24 * 3_600);

/// Hosts of a project.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    of: HashMap<Text, Peer>,
    pub changes: Changes<Text>,
}

impl Peers {
    /// Adds a host. Returns false when nothing changed.
    pub fn see(&mut self, peer: &Peer, limits: &RegistryLimits) -> bool {
        let known = self.of.get(&peer.target);
        let is_known = known.is_some_and(|known| {
            known.service == peer.service && peer.seen.since(known.seen) < SEEN_AGAIN
        });
        if is_known {
            return false;
        }
        if known.is_none() && self.of.len() >= limits.peers {
            let oldest = self.of.values().min_by_key(|peer| peer.seen);
            if let Some(oldest) = oldest.map(|peer| peer.target.clone()) {
                self.of.remove(&oldest);
                self.changes.remove(oldest);
            }
        }
        self.of.insert(peer.target.clone(), peer.clone());
        self.changes.put(peer.target.clone());
        true
    }

    /// Adds a host of an earlier time: one that is known stays.
    pub fn see_old(&mut self, peer: &Peer, limits: &RegistryLimits) {
        if !self.of.contains_key(&peer.target) {
            self.see(peer, limits);
        }
    }

    /// Forgets hosts that were not seen since `before`. Returns whether there were any.
    pub fn forget_before(&mut self, before: UnixNanos) -> bool {
        let (changes, count) = (&mut self.changes, self.of.len());
        self.of.retain(|target, peer| {
            let stays = peer.seen >= before;
            if !stays {
                changes.remove(target.clone());
            }
            stays
        });
        self.of.len() < count
    }

    /// A host.
    pub fn get(&self, target: &str) -> Option<&Peer> {
        self.of.get(target)
    }

    /// Number of hosts.
    pub fn len(&self) -> usize {
        self.of.len()
    }

    /// All hosts with their services, in order.
    pub fn all(&self) -> Vec<(Text, Text)> {
        let all = self.of.values();
        let mut all: Vec<_> = all
            .map(|peer| (peer.target.clone(), peer.service.clone()))
            .collect();
        all.sort_unstable();
        all
    }
}
