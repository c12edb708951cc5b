import CareSyncCore
import CareSyncTesting
import Dispatch
import FeatureContract
import HTTPTypes
import Persistence
import Testing

@testable import Diagnostics

@Suite("Status of lab bookings")
struct LabBookingStatusTests {
    @Test(
        "by hand a booking that is not paid is cancelled, or completed by an administrator",
        arguments: DatabaseKind.available)
    func table(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let (doctor, admin) = (lab.doctor, lab.admin)
            let reason = "&reason=Paid%20at%20the%20desk"
            let cases: [(LabBookingStatus, TestUser, String, Int)] = [
                (.pending, doctor, "CANCELLED", 200), (.pending, admin, "CANCELLED", 200),
                (.pending, admin, "COMPLETED\(reason)", 200), (.pending, doctor, "COMPLETED\(reason)", 409),
                (.pending, admin, "REFUNDED\(reason)", 409), (.pending, admin, "PENDING", 409),
                (.completed, doctor, "CANCELLED", 409), (.completed, admin, "CANCELLED", 409),
                (.completed, admin, "REFUNDED\(reason)", 409), (.completed, admin, "COMPLETED\(reason)", 409),
                (.completed, admin, "PENDING", 409), (.cancelled, admin, "COMPLETED\(reason)", 409),
                (.cancelled, admin, "CANCELLED", 409), (.cancelled, doctor, "PENDING", 409),
                (.refunded, admin, "CANCELLED", 409), (.refunded, admin, "COMPLETED\(reason)", 409),
            ]
            for (status, user, query, expected) in cases {
                let id = try await lab.booked()
                try await lab.app.database.write { db in
                    _ = try db.run("UPDATE lab_bookings SET status = \(status) WHERE id = \(Int64(id))")
                }
                let answer = try await lab.setStatus(id, query, as: user)
                #expect(answer.status == expected, "\(status) \(query): \(answer.text)")
                let after = try await lab.find(id)["status"].string
                if expected == 409 {
                    #expect(answer.problemCode == "ILLEGAL_TRANSITION")
                    #expect(after == status.rawValue)
                } else {
                    #expect(query.hasPrefix(after ?? "-"))
                }
            }
            #expect(lab.ended.all.count == 2)
            #expect(lab.ended.all.allSatisfy { $0.side == .clinic && $0.startsAt == nil })
        }
    }

    @Test(
        "completing without a payment needs a reason, which goes into the audit log", arguments: DatabaseKind.available)
    func reason(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let id = try await lab.booked()
            for query in ["COMPLETED", "COMPLETED&reason=", "COMPLETED&reason=%20"] {
                let refused = try await lab.setStatus(id, query, as: lab.admin)
                #expect(refused.status == 400)
                #expect(refused.fieldErrors == ["reason"])
            }
            #expect(try await lab.setStatus(id, "completed", as: lab.admin).problemCode == "INVALID_ARGUMENT")
            let completed = try await lab.setStatus(id, "COMPLETED", as: lab.admin, body: #"{"reason":"Paid in cash"}"#)
            #expect(completed["status"].string == "COMPLETED", "\(completed.text)")
            #expect(completed["statusChangedBy"].string == lab.admin.username)
            #expect(try await lab.audited().contains("ADMIN_ACTION \(id) Paid in cash"))
            // What came in at the desk goes back there.
            #expect(try await lab.cancel(id).problemCode == "ILLEGAL_TRANSITION")
            #expect(lab.ended.all.isEmpty)
        }
    }

    @Test("a patient cancels what is not paid, once", arguments: DatabaseKind.available)
    func cancel(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let id = try await lab.booked()
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<6 { group.addTask { try await lab.cancel(id) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.map(\.status).sorted() == [200, 409, 409, 409, 409, 409])
            let done = try #require(answers.first { $0.status == 200 })
            #expect(done["booking.status"].string == "CANCELLED")
            #expect(done["message"].string?.isEmpty == false)
            #expect(lab.ended.all.map(\.payable) == [PayableID(.labBooking, Int64(id))])
            #expect(lab.ended.all.map(\.side) == [.patient])
        }
    }

    @Test("of a cancellation and the money, whichever comes first takes effect", arguments: DatabaseKind.available)
    func cancelAgainstMoney(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            for round in 0..<12 {
                let id = try await lab.booked()
                async let first = lab.cancel(id)
                async let second = lab.settle(id)
                let (cancelled, isSettled) = (try await first, try await second)
                let status = try await lab.find(id)["status"].string
                // Without a payment of ours the money that came first is the desk's, and stays.
                #expect((cancelled.status == 200) != isSettled, "round \(round)")
                #expect(status == (isSettled ? "COMPLETED" : "CANCELLED"))
            }
        }
    }

    /// SQLite has one writer, so there nothing could go wrong.
    @Test(
        "the lock decides: without it a cancellation and the money both take effect",
        arguments: DatabaseKind.available.filter { $0 == .postgres })
    func control(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            for isLocked in [false, true] {
                let (id, meeting) = (LabBookingID(Int64(try await lab.booked())), Meeting())
                async let cancelled = lab.move(id, to: .cancelled, side: 0, of: meeting, isLocked: isLocked)
                async let completed = lab.move(id, to: .completed, side: 1, of: meeting, isLocked: isLocked)
                let effects = [try await cancelled, try await completed].count { $0 }
                #expect(effects == (isLocked ? 1 : 2))
            }
        }
    }

    @Test(
        "a paid booking goes back until there is a report, and is REFUNDED when the money is",
        arguments: DatabaseKind.available)
    func giveBack(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let (id, reported) = (try await lab.booked(), try await lab.booked())
            for paid in [id, reported] { try await lab.pay(paid) }
            #expect(try await lab.fileReport(reported, as: lab.patient).status == 200)
            let refused = try await lab.cancel(reported)
            #expect(refused.status == 409)
            #expect(refused.problemCode == "ILLEGAL_TRANSITION")
            let seen = try await lab.find(id)
            #expect(seen["status"].string == "COMPLETED")
            #expect(seen["paymentStatus"].string == "SUCCESS")
            #expect(seen["paymentTransactionId"].string?.hasPrefix("TXN_") == true)
            #expect(seen["refundStatus"].string == "NOT_REFUNDED")
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<4 { group.addTask { try await lab.cancel(id) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.map(\.status).sorted() == [200, 409, 409, 409])
            #expect(answers.first { $0.status == 200 }?["booking.status"].string == "COMPLETED")
            #expect(lab.ended.all.map(\.payable.number) == [Int64(id)])
            #expect(lab.ended.all.first?.startsAt == nil)
            try await lab.refunded(id)
            try await lab.refunded(id)
            #expect(try await lab.find(id)["status"].string == "REFUNDED")
            #expect(try await lab.settle(id) == false)
        }
    }

    @Test("mails tell what others did, and never which tests", arguments: DatabaseKind.available)
    func mails(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let account: String? = try await lab.app.database.read { [id = lab.patient.id] db in
                try db.value("SELECT email FROM users WHERE id = \(id)")
            }
            let address = try #require(account)
            let before = try await lab.app.sentMails(to: address).count
            let (own, prescribed, ended) = (try await lab.booked(), try await lab.prescribed(), try await lab.booked())
            _ = try await lab.cancel(own)
            _ = try await lab.setStatus(ended, "CANCELLED", as: lab.admin)
            var mails = Array(try await lab.app.sentMails(to: address).dropFirst(before))
            #expect(
                mails.map(\.subject).sorted() == ["Laboratory booking cancelled", "Laboratory tests booked for you"])
            try await lab.pay(prescribed)
            try await lab.refunded(prescribed)
            mails = Array(try await lab.app.sentMails(to: address).dropFirst(before))
            #expect(mails.last?.subject == "Laboratory booking refunded")
            #expect(mails.last?.text.contains("750.50") == true)
            #expect(!mails.contains { $0.raw.contains("Iron") || $0.raw.contains("Zinc") })
        }
    }
}

/// Where two transactions wait for each other, or for half a second.
private final class Meeting: Sendable {
    private let sides = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]

    func meet(_ side: Int) {
        sides[1 - side].signal()
        _ = sides[side].wait(timeout: .now() + .milliseconds(500))
    }
}

extension Lab {
    /// Looks, meets the other side and moves the booking; whether it was still to be moved when it looked.
    fileprivate func move(
        _ id: LabBookingID, to status: LabBookingStatus, side: Int, of meeting: Meeting, isLocked: Bool
    ) async throws -> Bool {
        try await app.database.write { db in
            let bookings = LabBookingRepository(db: db)
            guard let booking = try isLocked ? bookings.lock(id) : bookings.find(id), booking.status == .pending else {
                return false
            }
            meeting.meet(side)
            try bookings.changeStatus(of: booking, to: status, by: "control")
            return true
        }
    }
}
