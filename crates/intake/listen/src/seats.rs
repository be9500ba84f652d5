//! The places for connections of a port: who holds one, and who is displaced for another.

use crate::{
    ListenLimits, PortMetrics,
    activity::{Activity, Cause, Rank},
};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

/// When silent connections hold places, up to one in this many of all places is freed at once,
/// because each search examines all connections.
const MUTE_PART: usize = 64;

/// Why no place is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// All places are held by young requests; one will be free soon.
    All,
    /// This address has reached its limit, and all its connections have open requests.
    Address,
}

/// The places of a port.
#[derive(Debug)]
pub(crate) struct Seats {
    limits: ListenLimits,
    metrics: PortMetrics,
    table: Mutex<Table>,
    free: Notify,
    is_awaited: AtomicBool,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    taken: HashMap<u64, Holder>,
    of_address: HashMap<IpAddr, usize>,
}

/// A connection that holds a place.
#[derive(Debug)]
struct Holder {
    address: Option<IpAddr>,
    activity: Arc<Activity>,
    leave: CancellationToken,
}

/// A place; dropping it frees the place.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Arc<Seats>,
    id: u64,
    pub activity: Arc<Activity>,
    /// Cancelled when another connection needs the place.
    pub leave: CancellationToken,
    /// Whether most places are free.
    pub is_roomy: bool,
}

impl Seats {
    pub fn new(limits: ListenLimits, metrics: PortMetrics) -> Arc<Self> {
        Arc::new(Self {
            limits,
            metrics,
            table: Mutex::default(),
            free: Notify::new(),
            is_awaited: AtomicBool::new(false),
        })
    }

    /// Takes a place for a connection from `ip`, displacing others if needed.
    pub fn take(self: &Arc<Self>, ip: IpAddr) -> Result<Seat, Full> {
        let address = counted(ip);
        let mut table = self.lock();
        let of_address = address.and_then(|address| table.of_address.get(&address).copied());
        let own = address.filter(|_| of_address.unwrap_or(0) >= self.limits.per_address);
        if let Some(own) = own {
            if !self.displace(&mut table, Some(own)) {
                return Err(Full::Address);
            }
        } else if table.taken.len() >= self.limits.connections && !self.displace(&mut table, None) {
            return Err(Full::All);
        }
        let id = table.next;
        table.next += 1;
        let holder = Holder {
            address,
            activity: Arc::new(Activity::new()),
            leave: CancellationToken::new(),
        };
        let seat = Seat {
            seats: self.clone(),
            id,
            activity: holder.activity.clone(),
            leave: holder.leave.clone(),
            is_roomy: table.taken.len() < self.limits.connections / 4,
        };
        if let Some(address) = address {
            *table.of_address.entry(address).or_default() += 1;
        }
        table.taken.insert(id, holder);
        self.count(&table);
        Ok(seat)
    }

    /// Displaces a connection to free its descriptor.
    pub fn displace_one(&self) {
        let mut table = self.lock();
        self.displace(&mut table, None);
        self.count(&table);
    }

    /// Waits until a connection is closed or becomes idle.
    pub async fn freed(&self) {
        self.free.notified().await;
    }

    /// Sets whether a connection waits for a place.
    pub fn set_awaited(&self, is_awaited: bool) {
        self.is_awaited.store(is_awaited, Ordering::Relaxed);
    }

    /// Whether a connection waits for a place. If so, every HTTP/1.1 answer closes its connection.
    /// So all clients take turns, and no client sends a request on a connection that is being
    /// closed.
    pub fn is_awaited(&self) -> bool {
        self.is_awaited.load(Ordering::Relaxed)
    }

    /// Records that a connection has become idle.
    pub fn idle(&self) {
        self.free.notify_one();
    }

    /// Displaces the connections that are displaced most readily. Returns false if there is none.
    fn displace(&self, table: &mut Table, own: Option<IpAddr>) -> bool {
        let now = Instant::now();
        let mut ready: Vec<(Rank, Instant, u64)> = table
            .taken
            .iter()
            .filter(|(_, holder)| own.is_none() || holder.address == own)
            .filter_map(|(id, holder)| {
                let (rank, since) = holder.activity.rank(now, &self.limits)?;
                Some((rank, since, *id))
            })
            .collect();
        let most = (self.limits.connections / MUTE_PART).max(1);
        if ready.len() > most {
            ready.select_nth_unstable(most - 1);
            ready.truncate(most);
        }
        ready.sort_unstable();
        for (at, (rank, _, id)) in ready.iter().enumerate() {
            if at > 0 && *rank != Rank::Mute {
                break;
            }
            if let Some(holder) = table.remove(*id) {
                holder.leave.cancel();
                self.metrics.closed(Cause::Displaced).inc();
            }
        }
        !ready.is_empty()
    }

    fn count(&self, table: &Table) {
        let open = i64::try_from(table.taken.len()).unwrap_or(i64::MAX);
        self.metrics.open.set(open);
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn remove(&mut self, id: u64) -> Option<Holder> {
        let holder = self.taken.remove(&id)?;
        if let Some(address) = holder.address
            && let Some(count) = self.of_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.of_address.remove(&address);
            }
        }
        Some(holder)
    }
}

impl Seat {
    pub fn seats(&self) -> &Arc<Seats> {
        &self.seats
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut table = self.seats.lock();
        table.remove(self.id);
        self.seats.count(&table);
        drop(table);
        self.seats.free.notify_one();
    }
}

/// The address for which a connection counts. An IPv6 /64 network counts as one, because one sender
/// can use all of it. Loopback addresses have no limit, because proxies and forwarded ports bring
/// the connections of many clients.
fn counted(ip: IpAddr) -> Option<IpAddr> {
    match ip.to_canonical() {
        ip if ip.is_loopback() => None,
        IpAddr::V6(ip) => {
            let network = u128::from(ip) & !u128::from(u64::MAX);
            Some(Ipv6Addr::from(network).into())
        }
        ip => Some(ip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::advance;

    fn seats(connections: usize) -> Arc<Seats> {
        let limits = ListenLimits::default().with_connections(connections);
        Seats::new(limits, PortMetrics::default())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    const LOCAL: &str = "127.0.0.1";

    #[tokio::test(start_paused = true)]
    async fn one_more_than_there_are_displaces_the_longest_idle() {
        let seats = seats(3);
        let mut held = Vec::new();
        for _ in 0..3 {
            let seat = seats.take(ip(LOCAL)).unwrap();
            seat.activity.begin();
            held.push(seat);
        }
        assert_eq!(seats.take(ip(LOCAL)).unwrap_err(), Full::All);
        for at in [1, 0] {
            held[at].activity.end();
            advance(Duration::from_secs(1)).await;
        }
        let fourth = seats.take(ip(LOCAL)).unwrap();
        let left: Vec<bool> = held.iter().map(|seat| seat.leave.is_cancelled()).collect();
        assert_eq!(left, [false, true, false]);
        assert_eq!(seats.metrics.open(), 3);
        drop((held, fourth));
        assert_eq!(seats.metrics.open(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn silent_connections_never_keep_a_sender_out() {
        let seats = seats(128);
        let mut held = Vec::new();
        let sender = seats.take(ip(LOCAL)).unwrap();
        sender.activity.begin();
        sender.activity.end();
        for _ in 0..1_100 {
            held.push(seats.take(ip(LOCAL)).unwrap());
            advance(Duration::from_millis(20)).await;
        }
        assert!(!sender.leave.is_cancelled(), "silent ones go first");
        assert!(seats.metrics.open() <= 128);
        assert!(!seats.take(ip(LOCAL)).unwrap().leave.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_has_half_and_displaces_only_its_own() {
        let seats = seats(4);
        let of = |text: &str| {
            let seat = seats.take(ip(text))?;
            seat.activity.begin();
            Ok::<Seat, Full>(seat)
        };
        let first = of("2001:db8::1").unwrap();
        let second = of("2001:db8::2").unwrap();
        assert_eq!(of("2001:db8::3").unwrap_err(), Full::Address);
        let other = of("10.0.0.1").unwrap();
        second.activity.end();
        other.activity.end();
        advance(Duration::from_secs(1)).await;
        let third = of("2001:db8::3").unwrap();
        assert!(second.leave.is_cancelled());
        assert!(!other.leave.is_cancelled() && !first.leave.is_cancelled());
        drop((first, second, third));
        assert!(of("2001:db8::4").is_ok());
    }
}
