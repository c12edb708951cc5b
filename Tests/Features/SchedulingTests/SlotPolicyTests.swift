import CareSyncCore
import Directory
import Testing

@testable import Scheduling

@Suite("Slot rules")
struct SlotPolicyTests {
    private let zone: ClinicZone
    private let now: Instant
    /// 10:00 on the day after `now`.
    private let ten: Instant

    init() throws {
        zone = try #require(ClinicZone("Asia/Kolkata"))
        let date = try #require(LocalDate("2026-03-11"))
        ten = try #require(zone.instant(of: LocalDateTime(date, LocalTime(hour: 10, minute: 0))))
        now = ten - .hours(26)
    }

    private func calendar(_ rules: SlotRules = .standard, isBookable: Bool = true) -> DoctorCalendar {
        DoctorCalendar(doctor: DoctorID(1), rules: rules, isBookable: isBookable)
    }

    private func refusal(
        _ calendar: DoctorCalendar, at start: Instant? = nil, for use: SlotUse = .booking
    ) -> SlotRefusal? {
        do {
            _ = try SlotPolicy(calendar, zone: zone, now: now, use: use).slot(startingAt: start ?? ten)
            return nil
        } catch {
            return error
        }
    }

    @Test("a free start is let through")
    func free() {
        #expect(refusal(calendar()) == nil)
    }

    @Test("past, too soon and too far ahead, each at its very edge")
    func horizon() {
        var rules = SlotRules.standard
        #expect(refusal(calendar(), at: now) == .past)
        rules.minimumNoticeMinutes = 26 * 60
        #expect(refusal(calendar(rules)) == nil)
        rules.minimumNoticeMinutes = 26 * 60 + 1
        #expect(refusal(calendar(rules)) == .tooSoon(minutes: 26 * 60 + 1))
        rules = .standard
        rules.horizonDays = 1
        #expect(refusal(calendar(rules)) == .tooFarAhead(days: 1))
        rules.horizonDays = 2
        #expect(refusal(calendar(rules)) == nil)
    }

    @Test("a doctor who is not bookable, on leave, or in a closed clinic")
    func closedDays() throws {
        let date = zone.date(at: ten)
        #expect(refusal(calendar(isBookable: false)) == .doctorUnavailable)
        var away = calendar()
        away.leaves = [LeaveSpan(start: date, end: date)]
        #expect(refusal(away) == .doctorOnLeave)
        away.leaves = [LeaveSpan(start: date.adding(days: 1), end: date.adding(days: 3))]
        #expect(refusal(away) == nil)
        var closed = calendar()
        closed.holidays = [date: "Holi"]
        #expect(refusal(closed) == .clinicClosed)
    }

    @Test(
        "intervals are half open: touching is free, a microsecond more is not",
        arguments: [
            (-30, 0, true), (30, 60, true), (0, 30, false), (-10, 20, false), (29, 31, false), (-60, 90, false),
        ])
    func overlap(from: Int64, to: Int64, isFree: Bool) {
        var calendar = calendar()
        let busy = Interval(start: ten + .minutes(from), end: ten + .minutes(to))
        calendar.busy = BusyTimes([busy])
        #expect(refusal(calendar) == (isFree ? nil : .doctorBusy))
        calendar.busy = .none
        calendar.patientBusy = BusyTimes([busy])
        #expect(refusal(calendar) == (isFree ? nil : .patientBusy))
        let microsecond = TimeSpan(microseconds: 1)
        calendar.patientBusy = BusyTimes([busy.widened(by: microsecond)])
        #expect(refusal(calendar) == .patientBusy)
    }

    @Test("a gap between appointments is what follows one and what precedes the other")
    func buffers() {
        var rules = SlotRules.standard
        rules.bufferBefore = .minutes(5)
        rules.bufferAfter = .minutes(10)
        #expect(rules.gap == .minutes(15))
        let earlier = Interval(start: ten - .minutes(45), end: ten - .minutes(15))
        var calendar = calendar(rules)
        calendar.busy = BusyTimes([earlier])
        #expect(refusal(calendar) == nil)
        calendar.busy = BusyTimes([Interval(start: earlier.start, end: ten - .minutes(14))])
        #expect(refusal(calendar) == .doctorBusy)
        // Behind it as well.
        calendar.busy = BusyTimes([Interval(start: ten + .minutes(45), end: ten + .minutes(60))])
        #expect(refusal(calendar) == nil)
        calendar.busy = BusyTimes([Interval(start: ten + .minutes(44), end: ten + .minutes(60))])
        #expect(refusal(calendar) == .doctorBusy)
    }

    @Test("notice and horizon bind patients, and neither the desk nor the doctor")
    func clinic() {
        var rules = SlotRules.standard
        rules.minimumNoticeMinutes = 48 * 60
        #expect(refusal(calendar(rules), for: .booking) == .tooSoon(minutes: 48 * 60))
        #expect(refusal(calendar(rules), for: .moving) == .tooSoon(minutes: 48 * 60))
        #expect(refusal(calendar(rules), for: .clinic) == nil)
        rules = .standard
        rules.horizonDays = 1
        #expect(refusal(calendar(rules), for: .moving) == .tooFarAhead(days: 1))
        #expect(refusal(calendar(rules), for: .clinic) == nil)
        #expect(refusal(calendar(rules), at: now, for: .clinic) == .past)
        #expect(refusal(calendar(rules), at: ten + .minutes(10), for: .clinic) == .offGrid)
    }

    @Test("an emergency goes by leave and other appointments, not by hours, holidays and buffers")
    func emergency() {
        var rules = SlotRules.standard
        rules.bufferAfter = .minutes(10)
        let night = ten - .hours(7)
        let date = zone.date(at: night)
        var calendar = calendar(rules)
        calendar.holidays = [date: "Holi"]
        calendar.busy = BusyTimes([Interval(start: night - .minutes(30), end: night)])
        #expect(refusal(calendar, at: night, for: .emergency) == nil)
        calendar.leaves = [LeaveSpan(start: date, end: date)]
        #expect(refusal(calendar, at: night, for: .emergency) == .doctorOnLeave)
        calendar.leaves = []
        calendar.busy = BusyTimes([Interval(start: night, end: night + .minutes(1))])
        #expect(refusal(calendar, at: night, for: .emergency) == .doctorBusy)
    }

    @Test("a slot that the patient holds stays on offer to them alone")
    func ownHold() {
        var calendar = calendar()
        let slot = Interval(start: ten, end: ten + .minutes(30))
        calendar.busy = BusyTimes([slot])
        #expect(refusal(calendar) == .doctorBusy)
        calendar.ownHolds = [slot]
        #expect(refusal(calendar) == nil)
        // It is no place for another appointment, nor for what the desk books.
        for use in [SlotUse.moving, .clinic, .emergency] { #expect(refusal(calendar, for: use) == .doctorBusy) }
        #expect(refusal(calendar, at: ten + .minutes(30)) == nil)
    }

    @Test("busy times are found whatever their order and overlap")
    func busyTimes() {
        let minutes: [(Int64, Int64)] = [(50, 60), (0, 10), (5, 20), (20, 25), (100, 101), (52, 55)]
        let busy = BusyTimes(minutes.map { Interval(start: ten + .minutes($0.0), end: ten + .minutes($0.1)) })
        for start in stride(from: Int64(-5), to: 110, by: 1) {
            let minute = Interval(start: ten + .minutes(start), end: ten + .minutes(start + 1))
            let expected = minutes.contains { $0.0 < start + 1 && start < $0.1 }
            #expect(busy.overlaps(minute) == expected, "minute \(start)")
        }
    }

    @Test("what a day lists is what is let through, one by one")
    func listIsPredicate() throws {
        var rules = SlotRules.standard
        rules.slotMinutes = 20
        rules.bufferAfter = .minutes(10)
        var calendar = calendar(rules)
        calendar.busy = BusyTimes([Interval(start: ten, end: ten + .minutes(20))])
        let policy = SlotPolicy(calendar, zone: zone, now: now)
        let listed = Set(policy.free(on: zone.date(at: ten)).map(\.interval.start))
        #expect(!listed.isEmpty)
        for minute in stride(from: Int64(-600), to: 840, by: 1) {
            let start = ten + .minutes(minute)
            #expect((refusal(calendar, at: start) == nil) == listed.contains(start))
        }
    }
}
