import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@testable import Records

@Suite("Vitals")
struct VitalsTests {
    @Test("a patient records measurements, and both see them, the newest first", arguments: DatabaseKind.available)
    func records(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let first = try await practice.record(
                """
                {"patientId":\(practice.patient.id),"systolicBP":120,"diastolicBP":80,"sugarLevel":null,"weight":70.5,\
                "temperature":98.6,"heartRate":72,"respiratoryRate":16,"recordedAt":"2026-03-10T02:00:00.123Z","id":9}
                """)
            #expect(first.status == 200, "\(first.text)")
            #expect(first["recordedAt"].string == "2026-03-10T07:30:00.123")
            #expect(first["alerts"].list.isEmpty)
            #expect(first["notice"].isNull)
            #expect(try await practice.record(#"{"weight":71}"#).status == 200)
            for user in [practice.patient, practice.doctor] {
                let list = try await practice.vitals(as: user).json.list
                #expect(list.map { $0["weight"].double } == [71, 70.5])
                #expect(list.map { $0["recordedAt"].string } == ["2026-03-10T08:00:00", "2026-03-10T07:30:00.123"])
                #expect(list[1]["systolicBP"].double == 120)
                #expect(list[1]["diastolicBP"].double == 80)
                #expect(list[1]["sugarLevel"].isNull)
                #expect(list[1]["temperature"].double == 98.6)
                #expect(list[1]["heartRate"].double == 72)
                #expect(list[1]["respiratoryRate"].double == 16)
                #expect(list[1]["patientId"].int == Int(practice.patient.id))
            }
            #expect(try await practice.audited("vitals").sorted().suffix(2) == ["READ_PHI", "READ_PHI"])
        }
    }

    @Test("a list is cut to a range of days or times, and to a page", arguments: DatabaseKind.available)
    func ranges(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            for (weight, time) in [
                (60, "2026-03-08T00:00:00"), (61, "2026-03-08T23:59:59"), (62, "2026-03-09T00:00:00"),
            ] {
                let recorded = try await practice.record(#"{"weight":\#(weight),"recordedAt":"\#(time)"}"#)
                #expect(recorded.status == 200, "\(recorded.text)")
            }
            func weights(_ query: String) async throws -> [Int] {
                try await practice.vitals(query).json.list.compactMap { $0["weight"].int }
            }
            #expect(try await weights("?from=2026-03-08&to=2026-03-08") == [61, 60])
            #expect(try await weights("?from=2026-03-08T00:00:01") == [62, 61])
            #expect(try await weights("?to=2026-03-08T18:30:00Z") == [61, 60])
            #expect(try await weights("?page=1&size=2") == [60])
            #expect(try await practice.vitals("?page=0&size=2").header("X-Total-Count") == "3")
            #expect(try await practice.vitals("?from=yesterday").status == 400)
        }
    }

    @Test(
        "values are plausible, pressures come together, and something is measured",
        arguments: [
            (#"{}"#, ["body"]), (#"{"weight":null}"#, ["body"]),
            (#"{"systolicBP":120}"#, ["diastolicBP"]), (#"{"diastolicBP":80}"#, ["systolicBP"]),
            (#"{"systolicBP":39,"diastolicBP":30}"#, ["systolicBP"]),
            (#"{"systolicBP":301,"diastolicBP":80}"#, ["systolicBP"]),
            (#"{"systolicBP":120,"diastolicBP":19}"#, ["diastolicBP"]),
            (#"{"systolicBP":120,"diastolicBP":120}"#, ["diastolicBP"]),
            (#"{"systolicBP":250,"diastolicBP":201}"#, ["diastolicBP"]),
            (#"{"sugarLevel":9}"#, ["sugarLevel"]), (#"{"sugarLevel":1000.5}"#, ["sugarLevel"]),
            (#"{"weight":0.4}"#, ["weight"]), (#"{"weight":501}"#, ["weight"]),
            (#"{"temperature":37}"#, ["temperature"]), (#"{"temperature":116}"#, ["temperature"]),
            (#"{"heartRate":19}"#, ["heartRate"]), (#"{"heartRate":-1}"#, ["heartRate"]),
            (#"{"respiratoryRate":2}"#, ["respiratoryRate"]),
            (#"{"respiratoryRate":1e9,"weight":0}"#, ["weight", "respiratoryRate"]),
        ])
    func refuses(_ body: String, _ fields: [String]) async throws {
        try await withPractice(.sqlite) { practice in
            let answer = try await practice.record(body)
            #expect(answer.status == 400)
            #expect(answer.problemCode == "VALIDATION_FAILED")
            #expect(answer.fieldErrors == fields)
        }
    }

    @Test("the bounds themselves are plausible")
    func bounds() async throws {
        try await withPractice(.sqlite) { practice in
            for (field, value) in [
                ("sugarLevel", "10"), ("sugarLevel", "1000"), ("weight", "0.5"), ("weight", "500"),
                ("temperature", "80"), ("temperature", "115"), ("heartRate", "20"), ("heartRate", "300"),
                ("respiratoryRate", "3"), ("respiratoryRate", "100"),
            ] {
                let recorded = try await practice.record(#"{"\#(field)":\#(value)}"#)
                #expect(recorded.status == 200, "\(recorded.text)")
            }
            for (systolic, diastolic) in [(300, 200), (40, 20)] {
                let recorded = try await practice.record(
                    #"{"systolicBP":\#(systolic),"diastolicBP":\#(diastolic)}"#)
                #expect(recorded.status == 200, "\(recorded.text)")
            }
        }
    }

    @Test("a measurement lies neither ahead nor before the patient's birth", arguments: DatabaseKind.available)
    func times(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let patient = try await app.registerPatient(["dateOfBirth": "1990-05-01"])
            func record(_ time: String) async throws -> TestResponse {
                try await app.send(
                    .post, "/api/vitals", as: patient, body: #"{"weight":70,"recordedAt":"\#(time)"}"#)
            }
            #expect(try await record("2026-03-10T08:05:00").status == 200)
            for time in ["2026-03-10T08:05:00.001", "2026-03-10T02:35:01Z", "1990-04-30T23:59:59"] {
                let answer = try await record(time)
                #expect(answer.status == 400)
                #expect(answer.fieldErrors == ["recordedAt"])
            }
            #expect(try await record("1990-05-01T00:00:00").status == 200)
            #expect(try await record("2026-03-10T08:00:00+05:30")["recordedAt"].string == "2026-03-10T08:00:00")
        }
    }

    @Test(
        "the same measurements of one moment are kept once, also when they come at once",
        arguments: DatabaseKind.available)
    func duplicates(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let body = #"{"weight":70,"recordedAt":"2026-03-10T07:00:00"}"#
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<6 { group.addTask { try await practice.record(body) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0.status == 200 } == 1)
            #expect(answers.count { $0.problemCode == "VITALS_DUPLICATE" } == 5)
            // Something else of that moment is no duplicate.
            #expect(
                try await practice.record(#"{"heartRate":70,"recordedAt":"2026-03-10T07:00:00"}"#).status == 200)
            let first = try await practice.record(#"{"weight":71}"#, key: "morning")
            let second = try await practice.record(#"{"weight":71}"#, key: "morning")
            #expect(second.bytes == first.bytes)
            #expect(try await practice.vitals().json.list.count == 3)
        }
    }

    @Test("nobody records for somebody else, and strangers see nothing", arguments: DatabaseKind.available)
    func strangers(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let other = try await practice.app.registerPatient()
            let forged = try await practice.record(#"{"patientId":\#(practice.patient.id),"weight":70}"#, as: other)
            #expect(forged.status == 403)
            #expect(try await practice.record(#"{"weight":70}"#, as: practice.doctor).status == 403)
            let users = [other, try await practice.app.registerDoctor(), try await practice.app.admin()]
            for user in users {
                #expect(try await practice.vitals(as: user).status == 403)
                #expect(try await practice.vitals("/trends", as: user).status == 403)
            }
            let unverified = try await practice.app.registerDoctor(verified: false)
            #expect(try await practice.vitals(as: unverified).problemCode == "DOCTOR_NOT_VERIFIED")
            try await practice.breakGlass(users[1])
            #expect(try await practice.vitals(as: users[1]).status == 200)
        }
    }

    @Test("an erased patient's rows stand there without values", arguments: DatabaseKind.available)
    func erased(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            _ = try await practice.record(#"{"weight":70}"#)
            try await practice.erasePatient()
            try await practice.app.restarted([:]) { app in
                let list = try await app.get("/api/vitals/patient/\(practice.patient.id)", as: practice.doctor)
                #expect(list.json.list.count == 1)
                #expect(list["[0].weight"].isNull)
                #expect(list["[0].alerts"].list.isEmpty)
            }
        }
    }

    @Test("measurements survive their stored form")
    func stored() throws {
        var measurements = Measurements()
        measurements[.systolicBP] = 120
        measurements[.temperature] = 98.60000000000001
        measurements[.respiratoryRate] = 0.1 + 0.2
        #expect(Measurements(stored: measurements.stored) == measurements)
        #expect(Measurements(stored: Measurements().stored) == Measurements())
        #expect(Measurements(stored: "1|2") == nil)
        #expect(Measurements(stored: "x||||||") == nil)
    }
}
