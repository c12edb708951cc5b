import CareSyncCore
import Testing

@testable import Identity

@Suite("Counting attempts")
struct SignInAttemptRecordTests {
    private let limits = SignInAttemptLimits()
    private let start = Instant(seconds: 1_000_000)

    /// Wrong attempts at the given minutes; what came of the last one.
    private func wrong(_ record: inout SignInAttemptRecord, at minutes: Int64...) -> SignInAttemptRecord.Settlement? {
        var last: SignInAttemptRecord.Settlement?
        for minute in minutes {
            let now = start + .minutes(minute)
            guard case .granted(let guess) = record.reserve(at: now, limits) else { return nil }
            last = record.settle(guess, as: .wrong, at: now, limits)
        }
        return last
    }

    @Test("the fifth wrong guess of any 15 minutes locks")
    func window() {
        var record = SignInAttemptRecord()
        #expect(wrong(&record, at: 0, 12, 13, 14) == .counted)
        #expect(wrong(&record, at: 15) == .counted)  // The first is 15 minutes old by now.
        #expect(wrong(&record, at: 16) == .locked(until: start + .minutes(31)))
        #expect(record.reserve(at: start + .minutes(30), limits) == .locked(until: start + .minutes(31)))
        #expect(wrong(&record, at: 31) == .counted)
    }

    @Test("each further lock is twice as long, up to four hours; a day later it is short again")
    func backOff() {
        var record = SignInAttemptRecord()
        var minute: Int64 = 0
        var lengths: [Int64] = []
        for _ in 0..<7 {
            guard case .locked(let end) = wrong(&record, at: minute, minute, minute, minute, minute) else { break }
            lengths.append((end - (start + .minutes(minute))).seconds / 60)
            minute = (end - start).seconds / 60
        }
        #expect(lengths == [15, 30, 60, 120, 240, 240, 240])
        minute += 24 * 60
        #expect(
            wrong(&record, at: minute, minute, minute, minute, minute) == .locked(until: start + .minutes(minute + 15)))
    }

    @Test("attempts being checked count as used, until they are given back or expire")
    func reservations() {
        var record = SignInAttemptRecord()
        var attempts: [Instant] = []
        for _ in 0..<5 {
            guard case .granted(let guess) = record.reserve(at: start, limits) else { return }
            attempts.append(guess)
        }
        #expect(Set(attempts).count == 5)
        #expect(record.reserve(at: start, limits) == .exhausted)
        #expect(record.settle(attempts[2], as: .undecided, at: start, limits) == .counted)
        #expect(record.failures.isEmpty)
        guard case .granted = record.reserve(at: start, limits) else { return #expect(Bool(false), "not granted") }
        #expect(record.reserve(at: start, limits) == .exhausted)

        let later = start + limits.reservation + .seconds(1)
        guard case .granted = record.reserve(at: later, limits) else { return #expect(Bool(false), "not granted") }
        #expect(record.settle(attempts[0], as: .right, at: later, limits) == .lapsed)
        #expect(record.reservations.count == 1)
    }

    @Test("a success forgets wrong attempts and locks, and leaves attempts being checked")
    func success() {
        var record = SignInAttemptRecord()
        _ = wrong(&record, at: 0, 0, 0, 0)
        guard case .granted(let guess) = record.reserve(at: start, limits) else { return }
        #expect(record.reserve(at: start, limits) == .exhausted)
        #expect(record.settle(guess, as: .right, at: start, limits) == .counted)
        #expect(record == SignInAttemptRecord())
        #expect(record.expiry(limits) == nil)
    }

    @Test("what is stored is read back as it was")
    func storage() {
        var record = SignInAttemptRecord()
        _ = wrong(&record, at: 0, 0, 1, 1, 2, 18, 18)
        _ = record.reserve(at: start + .minutes(18), limits)
        let copy = SignInAttemptRecord(
            failures: record.failureText, reservations: record.reservationText, locks: record.locks,
            lockedUntil: record.lockedUntil)
        #expect(copy == record)
        #expect(copy.locks == 1)
    }
}
