//! Sockets whose peers and whose shards do anything, in any order.

use std::io::Cursor as Bytes;

use proptest::prelude::*;

use super::{driven::*, *};

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0usize..4_000).prop_map(Step::Posted),
        2 => (0usize..2_000).prop_map(Step::Answer),
        1 => Just(Step::Ping),
        3 => Just(Step::WriteRoom),
        3 => Just(Step::WriteQueue),
        3 => Just(Step::Writable),
        2 => Just(Step::Read),
        2 => (1usize..6_000).prop_map(Step::PeerReads),
        2 => (1usize..200).prop_map(Step::PeerWrites),
    ];
    prop::collection::vec(step, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_peer_gets_every_frame_whole_once_and_in_order_whatever_happens_when(steps in steps()) {
        drive(steps);
    }

    #[test]
    fn no_bytes_from_a_peer_make_a_socket_panic_or_hoard(
        bytes in prop::collection::vec(any::<u8>(), 0..4_000),
        cut in 1usize..500,
    ) {
        suffer(&bytes, cut);
    }
}

#[test]
fn a_goodbye_is_the_last_thing_written_and_ends_the_stream() {
    let (mut socket, mut peer) = pair();
    follow_room(&mut socket);
    let mut tail = Tail::new(0);
    tail.append(1, message(1, 10));
    socket.bye(Code::Restarting, "Come back.", Instant::now());
    socket.push(&answer(0, 10));
    socket.push_ping();
    socket
        .write_room(ROOM, &mut tail)
        .expect("the peer is there");
    socket.write_queue().expect("the peer is there");
    peer.set_nonblocking(false).expect("blocking");
    let mut got = Vec::new();
    peer.read_to_end(&mut got).expect("all until the end");
    let mut reader = WebSocket::from_raw_socket(Replay(Bytes::new(got)), Role::Client, None);
    let bye = reader.read().expect("a frame").into_text().expect("text");
    assert!(
        bye.starts_with(r#"{"t":"bye","code":"restarting""#),
        "{bye}"
    );
    let WsMessage::Close(Some(close)) = reader.read().expect("a frame") else {
        panic!("not a close frame");
    };
    assert_eq!(u16::from(close.code), 1012);
}
