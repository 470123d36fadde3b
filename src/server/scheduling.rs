//! How the system schedules the I/O thread beside the JavaScript thread.

/// Lets the calling thread wait for its turn when it becomes ready, instead of interrupting who is at work. Where both threads share a CPU,
/// the I/O thread would otherwise stop the JavaScript thread for every packet; this way it finds many at once. On a CPU of its own it
/// changes nothing, and like any other thread it gets its share of a busy one.
#[cfg(target_os = "linux")]
pub fn yield_to_others() {
    // The kernel's `sched_param`, which is the priority alone. musl has more in its own, and a function that does nothing.
    let priority: libc::c_int = 0;
    // SAFETY: 0 is the calling thread, and the priority lives longer than the call, which only reads it.
    let result = unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, libc::SCHED_BATCH, &raw const priority) };
    // Where a sandbox forbids it, things go on as before, only slower.
    let _ = result;
}

/// Elsewhere there is no such policy.
#[cfg(not(target_os = "linux"))]
pub fn yield_to_others() {}
