//! Numbering, settlements, and what an ACK that never comes costs.

use super::*;

fn send(acks: &mut Acks, token: u32, at: Micros) -> u32 {
    acks.expect_sent(Waiter::Send(token), at)
}

#[test]
fn numbers_are_consecutive_and_settle_in_any_order_once() {
    let mut acks = Acks::default();
    let numbers: Vec<u32> = (0..4).map(|token| send(&mut acks, token, 0)).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
    assert_eq!(acks.acknowledge(2, 10), Some(Waiter::Send(2)));
    assert_eq!(acks.acknowledge(2, 10), None);
    assert_eq!(acks.acknowledge(0, 10), Some(Waiter::Send(0)));
    assert_eq!(acks.acknowledge(9, 10), None);
    assert_eq!(acks.acknowledge(3, 10), Some(Waiter::Send(3)));
    assert_eq!(acks.acknowledge(1, 10), Some(Waiter::Send(1)));
    assert!(!acks.is_waiting());
}

#[test]
fn numbers_in_use_are_skipped_after_the_wrap() {
    let mut acks = Acks { next: u32::MAX.into(), ..Acks::default() };
    assert_eq!(acks.expect(Waiter::Send(1)), u32::MAX);
    assert_eq!(acks.expect(Waiter::Send(2)), 0);
    assert_eq!(acks.number(), 1);
    // as if 2^32 - 2 frames had been sent and acknowledged since
    acks.next = u64::from(u32::MAX) << 1 | 1;
    assert_eq!(acks.number(), 1, "u32::MAX and 0 are still waited for");
    assert_eq!(acks.acknowledge(0, 5), Some(Waiter::Send(2)));
}

#[test]
fn two_old_frames_far_from_each_other_keep_their_numbers_and_disturb_nobody() {
    let mut acks = Acks { next: 5, ..Acks::default() };
    assert_eq!(send(&mut acks, 1, 0), 5);
    acks.next = 1000;
    assert_eq!(send(&mut acks, 2, 0), 1000);
    acks.sweep(ACK_TIMEOUT, true, false, |_| panic!("they are kept"));
    acks.next = (1 << 32) + 4;
    let numbers: Vec<_> = (0..20).map(|token| send(&mut acks, 100 + token, ACK_TIMEOUT)).collect();
    assert_eq!(numbers[..3], [4, 6, 7]);
    for (number, token) in numbers.iter().zip(100..) {
        assert_eq!(acks.acknowledge(*number, ACK_TIMEOUT), Some(Waiter::Send(token)));
    }
    acks.next = (1 << 32) + 999;
    assert_eq!([(); 2].map(|()| acks.number()), [999, 1001]);
    assert_eq!(acks.acknowledge(1000, ACK_TIMEOUT), Some(Waiter::Send(2)));
    assert_eq!(acks.acknowledge(5, ACK_TIMEOUT), Some(Waiter::Send(1)));
    assert_eq!(acks.acknowledge(5, ACK_TIMEOUT), None);
}

#[test]
fn a_number_that_was_settled_behind_an_old_frame_may_be_given_again() {
    let mut acks = Acks { next: 5, ..Acks::default() };
    send(&mut acks, 1, 0);
    assert_eq!(send(&mut acks, 2, 0), 6);
    acks.acknowledge(6, 0);
    acks.next = (1 << 32) + 6;
    assert_eq!(send(&mut acks, 3, 0), 6);
    assert_eq!(acks.acknowledge(6, 0), Some(Waiter::Send(3)));
    assert_eq!(acks.acknowledge(6, 0), None);
}

#[test]
fn unacknowledged_numbers_leave_gaps_that_are_found_across() {
    let mut acks = Acks::default();
    send(&mut acks, 7, 0);
    acks.number();
    acks.number();
    let last = send(&mut acks, 8, 0);
    assert_eq!(last, 3);
    assert_eq!(acks.acknowledge(1, 0), None);
    assert_eq!(acks.acknowledge(3, 0), Some(Waiter::Send(8)));
}

#[test]
fn a_sweep_counts_once_and_a_late_ack_still_settles() {
    let mut acks = Acks::default();
    let first = send(&mut acks, 1, 0);
    send(&mut acks, 2, ACK_TIMEOUT);
    acks.sweep(ACK_TIMEOUT, true, false, |_| panic!("kept for a late ACK"));
    acks.sweep(ACK_TIMEOUT, true, false, |_| panic!("kept for a late ACK"));
    assert_eq!(acks.take_timeouts(), 1);
    assert_eq!(acks.take_timeouts(), 0);
    assert_eq!(acks.acknowledge(first, ACK_TIMEOUT + 5), Some(Waiter::Send(1)));
    assert_eq!(acks.rtt_ms(), None, "a late ACK is no round-trip sample");
}

#[test]
fn without_keeping_a_timed_out_frame_is_released_at_once() {
    let mut acks = Acks::default();
    let first = send(&mut acks, 1, 0);
    let queued = acks.expect(Waiter::Send(2));
    let mut released = Vec::new();
    acks.sweep(ACK_TIMEOUT, false, false, |waiter| released.push(waiter));
    assert_eq!(released, [Waiter::Send(1)]);
    assert_eq!(acks.acknowledge(first, 0), None);
    assert_eq!(acks.forget(queued), Some(Waiter::Send(2)), "what was not sent does not time out");
}

#[test]
fn an_ack_that_comes_before_its_frame_has_left_settles_once() {
    let mut acks = Acks::default();
    send(&mut acks, 1, 0);
    let queued = acks.expect(Waiter::Send(2));
    assert_eq!(acks.acknowledge(queued, 0), Some(Waiter::Send(2)));
    acks.sent(queued, 5);
    assert_eq!(acks.acknowledge(queued, 6), None);
}

#[test]
fn one_frame_without_an_ack_keeps_nothing_of_those_behind_it() {
    let mut acks = Acks::default();
    let first = send(&mut acks, 1, 0);
    acks.sweep(ACK_TIMEOUT, true, false, |_| panic!("kept for a late ACK"));
    for token in 2..10_000 {
        let ack = send(&mut acks, token, ACK_TIMEOUT);
        assert_eq!(acks.acknowledge(ack, ACK_TIMEOUT), Some(Waiter::Send(token)));
        assert!(acks.entries.len() <= 2 * (MAX_SETTLED + 1), "{} entries", acks.entries.len());
    }
    assert!(!acks.is_waiting());
    assert_eq!(acks.acknowledge(first, 0), Some(Waiter::Send(1)));
    assert!(acks.entries.is_empty());
}

#[test]
fn late_frames_are_remembered_up_to_a_cap() {
    let mut acks = Acks::default();
    for token in 0..MAX_LATE as u32 + 3 {
        send(&mut acks, token, 0);
    }
    let mut released = Vec::new();
    acks.sweep(ACK_TIMEOUT, true, false, |waiter| released.push(waiter));
    assert_eq!(released, [Waiter::Send(0), Waiter::Send(1), Waiter::Send(2)]);
}
