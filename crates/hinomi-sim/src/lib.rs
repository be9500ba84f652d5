//! The payments workload: twelve services, partners, faults on a schedule.
