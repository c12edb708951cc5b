import CareSyncCore
import CareSyncTesting
import Foundation
import HTTPTypes
import Synchronization

/// Four patients who want three slots of one doctor on one day.
struct HistoryVisit: Sendable {
    static let slots = ["10:00", "10:30", "11:00"]

    let server: LiveServer
    let patients: [String]
    let doctor: Int64
    /// Days from today.
    let day: Int
    let seed: UInt64
    let recorder = BookingRecorder()

    /// Each patient takes a few steps, one after the other. Without an answer a patient goes on: the step stays open.
    func run(_ answered: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            for (index, token) in patients.enumerated() {
                group.addTask {
                    let random = SeededRandom(seed: seed &+ UInt64(index))
                    var mine: [Int] = []
                    for _ in 0..<4 {
                        let outcome = await step(token, &mine, random)
                        if outcome == .unknown { return }
                        await answered()
                    }
                }
            }
        }
    }

    /// What can be seen once the server is back.
    func look() async {
        await record(.list) { await list(patients[0]) }
    }

    private func step(_ token: String, _ mine: inout [Int], _ random: SeededRandom) async -> BookingHistory.Outcome {
        let slot = random.below(Self.slots.count)
        let lot = random.below(10)
        if lot == 0 { return await record(.list) { await list(token) } }
        if lot < 3, let id = mine.last {
            return await record(.cancel(appointment: id)) { await change("DELETE", "patient/\(id)", token) }
        }
        if lot < 6, let id = mine.last {
            let path = "patient/\(id)/reschedule?newDateTime=\(time(slot))"
            return await record(.move(appointment: id, slot: slot)) { await change("PUT", path, token) }
        }
        let outcome = await record(.book(slot: slot)) { await book(slot, token) }
        if case .booked(let id) = outcome { mine.append(id) }
        return outcome
    }

    @discardableResult
    private func record(
        _ action: BookingHistory.Action, _ body: () async -> BookingHistory.Outcome
    ) async -> BookingHistory.Outcome {
        let began = recorder.tick()
        let outcome = await body()
        recorder.add(action, began: began, outcome)
        return outcome
    }

    private func time(_ slot: Int) -> String { "\(LoadDay.text(daysAhead: day))T\(Self.slots[slot]):00" }

    private func book(_ slot: Int, _ token: String) async -> BookingHistory.Outcome {
        let body = #"{"doctorId":\#(doctor),"appointmentDateTime":"\#(time(slot))"}"#
        let answer = await send("POST", "patient/book", token, body)
        if answer.status == 200, let id = answer.json["appointmentId"].int { return .booked(id) }
        return refusal(answer.status)
    }

    private func change(_ method: String, _ path: String, _ token: String) async -> BookingHistory.Outcome {
        let answer = await send(method, path, token, "{}")
        return answer.status == 200 ? .done : refusal(answer.status)
    }

    /// A server that is going down may still say so.
    private func refusal(_ status: Int) -> BookingHistory.Outcome {
        switch status {
        case 0, 503: .unknown
        case 409: .refused
        default: .odd(status)
        }
    }

    private func list(_ token: String) async -> BookingHistory.Outcome {
        let path = "available-slots?doctorId=\(doctor)&date=\(LoadDay.text(daysAhead: day))"
        let answer = await send("GET", path, token, nil)
        guard answer.status == 200 else { return refusal(answer.status) }
        let offered = answer.json["availableSlots"].list.compactMap(\.string)
        return .free(Set(Self.slots.indices.filter { offered.contains(Self.slots[$0]) }))
    }

    /// Status 0 when no whole answer came.
    private func send(
        _ method: String, _ path: String, _ token: String, _ body: String?
    ) async -> (status: Int, json: TestResponse) {
        var lines = [
            "\(method) /api/appointments/\(path) HTTP/1.1", "Host: localhost", "Connection: close",
            "Authorization: Bearer \(token)",
        ]
        if let body { lines += ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] }
        let nothing = (status: 0, json: TestResponse(status: 0, headers: [:], bytes: []))
        guard
            let text = try? await server.exchange(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
        else { return nothing }  // The server is gone.
        let answer = RawConnection.parse(text)
        let json = TestResponse(status: answer.status, headers: [:], bytes: Array(answer.body.utf8))
        // An answer that was cut off does not count.
        return answer.status == 200 && json.json.isNull ? nothing : (answer.status, json)
    }
}

/// Counts answers over all visits.
final class ResponseCount: Sendable {
    private let count = Mutex(0)

    func add() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
}
