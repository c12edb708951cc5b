import CareSyncCore
import CareSyncTesting
import Directory
import Foundation
import HTTPTypes
import Testing

@testable import Scheduling

/// Days on which clocks change, from 2024 to 2035, in every zone there is.
@Suite("Clock changes")
struct ClockChangeTests {
    /// The zones a short run looks at: whole, half and third-of-a-day oddities.
    private static let sample = [
        "Asia/Kolkata", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Casablanca",
        "America/Santiago", "Asia/Beirut", "Antarctica/Troll", "America/St_Johns", "Pacific/Chatham", "Africa/Cairo",
    ]

    private static var zones: [String] {
        TestLength.choose(short: 0, long: 1) == 0 ? sample : TimeZone.knownTimeZoneIdentifiers
    }

    @Test("around every change the list is what a plain model says, and each start is let through or refused by it")
    func engine() throws {
        var changes = 0
        for name in Self.zones {
            let zone = try #require(ClinicZone(name))
            for date in try Self.changeDates(name) {
                changes += 1
                for day in [date.adding(days: -1), date, date.adding(days: 1)] {
                    try Self.check(day, name, zone)
                }
            }
        }
        #expect(changes > 150)
    }

    private static func check(_ day: LocalDate, _ name: String, _ zone: ClinicZone) throws {
        var schedule = Schedule(date: day)
        schedule.zone = name
        schedule.nowOffset = -2 * 1440
        schedule.slotMinutes = [15, 20, 30, 45, 60][day.day % 5]
        schedule.windows = [MinuteRange(start: 0, end: 1440)]
        let policy = schedule.policy(zone)
        let offered = policy.free(on: day)
        let model = try #require(ScheduleModel(schedule))
        #expect(Set(offered.map(\.interval.start)) == model.offered, "\(schedule)")
        for slot in offered {
            // Listed and booked by one rule; moved to by the same rule, which leaves the appointment itself out.
            #expect((try? policy.slot(startingAt: slot.interval.start)) == slot)
            var taken = policy.calendar
            taken.busy = BusyTimes([slot.interval])
            let later = SlotPolicy(taken, zone: zone, now: schedule.now)
            #expect((try? later.slot(startingAt: slot.interval.start)) == nil)
        }
        for slot in offered { try remind(slot.interval.start, zone, "\(schedule)") }
        // Nothing else on that day can be booked, the second round of a repeated hour included.
        let starts = Set(offered.map(\.interval.start))
        let start = zone.startOfDay(day)
        for quarter in 0..<104 {
            let moment = start + .minutes(Int64(quarter * 15))
            guard zone.date(at: moment) == day else { continue }
            #expect(((try? policy.slot(startingAt: moment)) != nil) == starts.contains(moment), "\(schedule) \(moment)")
        }
    }

    /// The day before at the same reading; where there is no such reading, as much later as the clock jumps.
    private static func remind(_ start: Instant, _ zone: ClinicZone, _ place: String) throws {
        let moment = Reminder.remindAt(start, zone: zone)
        let (local, shown) = (zone.local(start), zone.local(moment))
        let eve = LocalDateTime(local.date.adding(days: -1), local.time)
        // A plain search by quarters of an hour, of which all offsets are multiples: the first moment whose reading is not before the eve's.
        var expected = start - .hours(27)
        while zone.local(expected) < eve { expected = expected + .minutes(15) }
        if zone.instant(of: eve) == nil {
            #expect(shown > eve && moment >= expected && moment - expected < .hours(3), "\(place) \(local)")
        } else {
            #expect(shown == eve && moment == expected, "\(place) \(local)")
        }
        #expect(moment < start && start - moment <= .hours(27), "\(place) \(local)")
    }

    @Test("through the whole system: list, book and move on the day of a change", arguments: DatabaseKind.available)
    func system(kind: DatabaseKind) async throws {
        let zones = TestLength.choose(short: 0, long: 1) == 0 ? Array(Self.sample[1...4]) : Self.zones
        for name in zones {
            let dates = try Self.changeDates(name).prefix(TestLength.choose(short: 3, long: 1000))
            guard !dates.isEmpty else { continue }
            try await withApp(kind, environment: ["CARESYNC_TIME_ZONE": name]) { app in
                let doctor = try await app.registerDoctor()
                let clinic = Clinic(app: app, doctor: doctor, patient: doctor)
                let days = (1...7).map { #"{"weekday":\#($0),"windows":[{"start":"00:00","end":"00:00"}]}"# }
                #expect(try await clinic.setHours(#"{"days":[\#(days.joined(separator: ","))]}"#).status == 200)
                for date in dates { try await Self.visit(clinic, date) }
            }
        }
    }

    private static func visit(_ clinic: Clinic, _ date: LocalDate) async throws {
        let app = clinic.app
        app.time.set(to: app.zone.startOfDay(date) - .days(2))
        let patients = try await app.crowd(2)
        let offered = try await clinic.slots(on: date.description, as: patients[0])
        let all = SlotGrid(zone: app.zone, rules: Self.wholeDay).slots(on: date)
        #expect(offered == all.map(\.time.time.description), "\(app.zone.identifier) \(date)")
        for slot in [all.first, all.last].compactMap(\.self) + Self.nearChange(all) {
            let booked = try await clinic.book(slot.time.description, as: patients[0])
            #expect(booked["startsAt"].string == app.zone.text(slot.interval.start), "\(slot.time)")
            #expect(booked["endsAt"].string == app.zone.text(slot.interval.end))
            let id = booked["appointmentId"].int ?? 0
            let free = try await clinic.slots(on: date.description, as: patients[1])
            #expect(!free.contains(slot.time.time.description))
            guard let next = free.last, next != slot.time.time.description else { continue }
            let moved = try await clinic.reschedule(id, to: "\(date)T\(next):00", as: patients[0])
            #expect(moved["appointment.appointmentTime"].string == next)
            #expect(try await clinic.slots(on: date.description, as: patients[1]).contains(slot.time.time.description))
            #expect(try await app.delete("/api/appointments/patient/\(id)", as: patients[0]).status == 200)
        }
    }

    private static var wholeDay: SlotRules {
        var rules = SlotRules.standard
        rules.week = WorkingWeek(
            (1...7).map { WorkingSpan(weekday: $0, kind: .work, range: MinuteRange(start: 0, end: 1440)) })
        return rules
    }

    /// The two slots between which the clock jumps.
    private static func nearChange(_ slots: [Slot]) -> [Slot] {
        zip(slots, slots.dropFirst()).first { left, right in
            right.interval.start != left.interval.end
        }.map { [$0, $1] } ?? []
    }

    /// The days on which a zone's clock changes, as Foundation knows them.
    static func changeDates(_ name: String) throws -> [LocalDate] {
        let zone = try #require(TimeZone(identifier: name))
        var moment = Date(timeIntervalSince1970: 1_704_067_200)
        let end = Date(timeIntervalSince1970: 2_082_758_400)
        var dates: [LocalDate] = []
        while let next = zone.nextDaylightSavingTimeTransition(after: moment), next > moment, next < end {
            let before = next.addingTimeInterval(-1)
            let local = Int64(before.timeIntervalSince1970) + Int64(zone.secondsFromGMT(for: before))
            dates.append(LocalDate(daysSinceEpoch: Int(local.dividedDown(by: 86_400))))
            moment = next
        }
        return dates
    }
}
