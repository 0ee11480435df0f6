//! Whether rooms' logs are whole here, and how the bus is by which processes of one server hear of each other.

use prometheus_client::{
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::{Registry, Unit},
};

use crate::server::{
    bus::{Bus, BusHealth},
    rooms::Chat,
};

pub fn register(all: &mut Registry, chat: &Chat) {
    let logs = chat.live().counts();
    all.register(
        "log_holes",
        "Times that something was missing of a room's log",
        ConstCounter::new(logs.holes),
    );
    all.register(
        "log_reads",
        "Reads of the store by which such holes were filled",
        ConstCounter::new(logs.reads),
    );
    all.register(
        "rooms_held",
        "Rooms that wait for what is missing",
        ConstGauge::new(logs.held),
    );
    // One process alone has none.
    if let Some(bus) = chat.bus().map(Bus::health) {
        register_bus(all, &bus);
    }
}

fn register_bus(all: &mut Registry, bus: &BusHealth) {
    all.register(
        "bus_well",
        "Whether what this process says on the bus comes back to it: 1 or 0",
        ConstGauge::new(i64::from(bus.well)),
    );
    if let Some(echo) = bus.echo_ms {
        let seconds = ConstGauge::new(echo as f64 / 1e3);
        let help = "Since this process last heard itself on the bus";
        all.register_with_unit("bus_echo", help, Unit::Seconds, seconds);
    }
    all.register(
        "bus_peers",
        "Other processes that are heard of",
        ConstGauge::new(bus.peers),
    );
    all.register(
        "bus_missed",
        "Messages of other processes that are known to be missed",
        ConstCounter::new(bus.missed),
    );
    all.register(
        "bus_compared",
        "Times that this process compared itself with the store",
        ConstCounter::new(bus.compared),
    );
}
