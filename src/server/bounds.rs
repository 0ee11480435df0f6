//! What a stranger or a member can send, and what bounds it: in rate, in bytes, in number.
//!
//! Rates can be changed and switched off (`--rate-limits`), and sockets have flags of their own; the rest always holds.
//! *Address* is the caller's, behind proxies that are believed; of IPv6 it is the network (/64).
//!
//! | what | bound | where | shown by |
//! |---|---|---|---|
//! | connections | the files that the process may have open, less 64; 256 an address, without live sockets | `connections` | `hostile`, `crowd` |
//! | a TLS handshake | 10 s | `tls` | `https::who_does_not_finish_the_handshake_is_let_go` |
//! | connections to the metrics | 16 | `metrics` | `metrics::so_many_ask_for_them_at_once_and_nobody_else_minds` |
//! | what is on its way between TLS and a live socket | 16 KiB and what the kernel keeps; 60 s in which the peer takes nothing | `tls/relay` | `bounded::readers_that_stop_reading_delay_no_one_and_cost_no_memory_over_tls_either` |
//! | a request's head | 10 s, 16 KiB, 64 headers | `connections` | `bounds::half_made_requests_and_idle_connections_are_let_go`, `bounds::a_request_whose_head_is_too_long_is_refused` |
//! | a request's body | 10 s, 128 KiB; 8 MiB are read past | `forms` | `bounds::a_body_that_comes_too_slowly_is_not_waited_for`, `bad_input` |
//! | an idle connection | 10 s | `connections` | `bounds::half_made_requests_and_idle_connections_are_let_go` |
//! | an answer that is not taken | 10 s without a byte; a connection lasts 300 s, and its last answer 30 s | `connections` | `hostile` |
//! | requests, files apart | 100/s an address, bursts of 1,000 | `rates` | `bounds::requests_are_counted_by_the_address_that_the_last_proxy_tells` |
//! | cookies looked at | 16 a request | `identity` | `identity::so_many_cookies_are_looked_at_and_no_more` |
//! | unknown sessions remembered | 10,000 | `strangers` | `strangers::a_bounded_number_of_strangers_is_remembered` |
//! | claims | 10/min an address | `rates` | `rate_limits::ten_claims_a_minute_come_from_one_address` |
//! | wrong keys | 10/min an identity, 100/min an address | `rates` | `rate_limits::ten_wrong_keys_a_minute_are_answered` |
//! | wrong passphrases | 10/min a name from an address, 100/min an address, with passes and passkeys | `rates` | `names::wrong_passphrases_run_out_for_who_guesses_and_for_nobody_else` |
//! | wrong passes | 10/min an address | `rates` | `names::wrong_passes_run_out` |
//! | wrong codes for the keeper's page | 10/min an address | `rates` | `keeper::wrong_codes_run_out_by_address` |
//! | browsers of the keeper | 16, 12 h | `keeper/door` | `door::only_so_many_browsers_are_known` |
//! | passes | 4 a name, 10 min | `store/sqlite/people` | `names::passes_end_with_their_time_and_with_the_name` |
//! | sessions | 32 a name; the one that rested longest gives way | `store/sqlite/people` | `names::of_too_many_sessions_the_one_that_rested_longest_gives_way` |
//! | passkeys being made or used | 1,000, 4 MiB, 5 min | `kept` | `kept::the_oldest_go_where_there_are_too_many_or_too_many_bytes_of_them` |
//! | rooms created | 20/h an identity, 200/h an address | `rates` | `rate_limits::twenty_rooms_an_hour_are_created_by_one_person` |
//! | messages | 10/s an identity, 100/s an address, bursts of 40 and 400 | `rates` | `rate_limits::messages_come_in_bursts_of_forty`, `rates::an_address_may_do_ten_times_what_an_identity_may` |
//! | searches | 5/s an identity, 50/s an address, bursts of 20 and 200 | `rates` | `rate_limits::searches_come_in_bursts_of_twenty`, `rates::an_address_may_do_ten_times_what_an_identity_may` |
//! | callers whose rates are remembered | those of the last 50,000 requests, and who is not quiet yet | `rates` | `rates::a_flood_of_addresses_is_not_remembered` |
//! | keys being hashed | 4 threads of 19 MiB, gone after 5 s of rest; 64 wait | `hashing` | `hashing::so_many_wait_and_the_next_is_turned_away_even_where_those_who_asked_have_gone`, `bounded::keys_that_were_hashed_leave_no_memory_behind` |
//! | notices of refused forms | 1,000, 4 MiB, 10 min | `kept` | `kept::the_oldest_go_where_there_are_too_many_or_too_many_bytes_of_them` |
//! | entries that wait for those before them | 256 a room, 8,192 in all; more are read again | `live/sequencer` | `sequencer::what_waits_is_bounded_and_read_again` |
//! | commits not yet told to other processes | 1,024; more are not told, and found by comparing | `bus/feed` | `cluster::bad_days` |
//! | messages of other processes not yet looked at | 65,536; more are missed, and that is noticed | `bus/nats` | `cluster::bad_days` |
//! | rendered pages kept | 8 MiB of rooms, 1 MiB of what strangers see | `pages/cache` | `cache::it_keeps_a_bounded_number_of_bytes` |
//! | live sockets | 64 an identity, 1,000 an address; in all 7/8 of the connections, over TLS a third of that | `sockets` | `bounds::an_identity_has_so_many_sockets_and_an_address_too` |
//! | a socket's frame | 64 KiB | `live/socket` | `frames`, `bad_input` |
//! | what a socket says | 40 frames/s, bursts of 400, each 8 KiB being one more; more is read later | `live/socket` | `bounds::a_socket_that_says_too_much_is_listened_to_later` |
//! | what is read from a socket in one go | 16 KiB, 64 frames | `live/socket`, `live/shard/incoming` | `bounds::messages_in_endless_fragments_hold_up_nobody` |
//! | answers that a socket does not take | 16 KiB, then it is not read from | `live/socket` | `bounds::a_socket_is_not_read_on_while_it_takes_no_answers`, `bounded::a_sender_that_never_reads_does_not_grow_the_server` |
//! | posts of a socket under way | 256, then it is not read from | `live/socket` | `bounded::a_sender_that_never_reads_does_not_grow_the_server` |
//! | a silent socket | 60 s | `live/shard/later` | `live::a_peer_that_answers_no_ping_is_let_go_and_one_that_does_is_kept` |
//! | `typing` | one every 3 s a person and room; more is dropped | `live/room` | `room::who_types_is_told_once_in_three_seconds` |
//! | `seen` | the newest of a person and room, every 200 ms | `live/shard/seen` | `bounds::of_many_read_positions_the_newest_counts` |
//! | a room's tail | 1,024 frames, 1 MiB | `live/tail` | `tail::it_keeps_a_bounded_number_of_frames_and_bytes` |
//! | all tails | 24 MiB; with many cores 4 MiB each | `live/shard/tails` | `bounded::rooms_that_are_all_opened_keep_no_more_in_memory_than_all_may` |
//! | a slow reader | nothing is kept for it but the rest of one frame | `live/socket` | `bounded::readers_that_stop_reading_delay_no_one_and_cost_no_memory` |
//! | questions after the server's health | one in 500 ms is asked of store and shards | `health` | `bounds::the_server_says_that_it_cannot_work_while_it_cannot` |
