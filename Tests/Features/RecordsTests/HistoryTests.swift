import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Medical history")
struct HistoryTests {
    @Test("a treating doctor writes an entry, and both see what was written", arguments: DatabaseKind.available)
    func writes(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            var entry = practice.entry
            entry.treatment = "Rest"
            entry.medicine = "Amoxicillin"
            entry.doses = "1-1-1"
            entry.notes = "  Smoker \n since 2001 "
            entry.prescription = [Practice.Medicine()]
            entry.appointmentId = practice.appointment
            let written = try await practice.write(entry)
            #expect(written.status == 200, "\(written.text)")
            #expect(written["message"].string == "Medical history created successfully")
            let id = try #require(written["id"].int)
            for user in [practice.doctor, practice.patient] {
                let found = try await practice.find(id, as: user)
                #expect(found.status == 200)
                #expect(found["message"].isNull)
                #expect(found["patientId"].int == Int(practice.patient.id))
                #expect(found["visitDate"].string == Practice.today)
                #expect(found["symptoms"].string == "Cough")
                #expect(found["diagnosis"].string == "Bronchitis")
                #expect(found["treatment"].string == "Rest")
                #expect(found["medicine"].string == "Amoxicillin")
                #expect(found["doses"].string == "1-1-1")
                #expect(found["notes"].string == "Smoker \n since 2001")
                #expect(found["prescription[0].medicine"].string == "Amoxicillin")
                #expect(found["prescription[0].instructions"].string == "After meals")
                #expect(found["doctorId"].int == Int(practice.doctor.id))
                #expect(found["doctorName"].string == "Meera Iyer")
                #expect(found["doctorSpecialization"].string == "Cardiology")
                #expect(found["doctorContactInfo"].string == "+91 11")
                #expect(found["appointmentId"].int == practice.appointment)
                #expect(found["appointmentDate"].string == "2026-03-11T10:00:00")
                #expect(found["createdDateTime"].string == "2026-03-10T08:00:00")
                #expect(found["version"].int == 1)
                #expect(found["isFinal"].bool == false)
                #expect(found["allergies"].isNull)
            }
        }
    }

    @Test("what is stored is sealed", arguments: DatabaseKind.available)
    func sealed(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            var entry = practice.entry
            entry.symptoms = "marker-symptoms"
            entry.prescription = [Practice.Medicine(medicine: "marker-medicine")]
            _ = try await practice.written(entry)
            let stored: [[UInt8]] = try await practice.app.database.read { db in
                try db.values("SELECT symptoms FROM medical_histories")
                    + db.values("SELECT prescription FROM medical_histories")
            }
            #expect(stored.count == 2)
            for bytes in stored { #expect(!String(decoding: bytes, as: UTF8.self).contains("marker")) }
        }
    }

    @Test("the published client's form is taken, whatever else it sends", arguments: DatabaseKind.available)
    func publishedForm(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let body = """
                {"patientId":\(practice.patient.id),"doctorId":1,"visitDate":"2026-03-10T00:00:00.000Z",\
                "symptoms":"Cough","diagnosis":"Cold","appointmentId":\(practice.appointment),"colour":"blue"}
                """
            let written = try await practice.app.send(
                .post, "/api/medical-history/with-doctor", as: practice.doctor, body: body)
            #expect(written.status == 200, "\(written.text)")
            #expect(written["doctorId"].int == Int(practice.doctor.id))
            let other = try await practice.app.send(
                .post, "/api/patients/\(practice.patient.id)/medical-history", as: practice.doctor,
                body: #"{"visitDate":"2026-03-09","symptoms":"Fever"}"#)
            #expect(other.status == 200, "\(other.text)")
            #expect(other["diagnosis"].isNull)
            #expect(other["appointmentDate"].string == "2026-03-09")
        }
    }

    @Test(
        "texts have 1 to 4,000 characters, symptoms and diagnosis are needed, and visits lie in the past",
        arguments: DatabaseKind.available)
    func refuses(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            func refused(_ change: (inout Practice.Entry) -> Void) async throws -> [String] {
                var entry = practice.entry
                change(&entry)
                let answer = try await practice.write(entry)
                #expect(answer.status == 400)
                #expect(answer.problemCode == "VALIDATION_FAILED")
                return answer.fieldErrors
            }
            #expect(try await refused { $0.symptoms = " " } == ["symptoms"])
            #expect(try await refused { $0.symptoms = nil } == ["symptoms"])
            #expect(try await refused { $0.diagnosis = nil } == ["diagnosis"])
            #expect(try await refused { $0.visitDate = nil } == ["visitDate"])
            #expect(try await refused { $0.patientId = nil } == ["patientId"])
            #expect(try await refused { $0.visitDate = "2026-03-11" } == ["visitDate"])
            #expect(try await refused { $0.visitDate = "1899-12-31" } == ["visitDate"])
            #expect(try await refused { $0.notes = String(repeating: "क", count: 4_001) } == ["notes"])
            #expect(try await refused { $0.treatment = "a\u{202E}b" } == ["treatment"])
            #expect(
                try await refused { $0.prescription = [Practice.Medicine(), Practice.Medicine(medicine: "")] }
                    == ["prescription[1].medicine"])
            #expect(
                try await refused { $0.prescription = Array(repeating: Practice.Medicine(), count: 51) }
                    == ["prescription"])
            var longest = practice.entry
            longest.symptoms = String(repeating: "क", count: 4_000)
            longest.diagnosis = longest.symptoms
            longest.treatment = longest.symptoms
            longest.medicine = longest.symptoms
            longest.doses = longest.symptoms
            longest.notes = longest.symptoms
            #expect(try await practice.write(longest).status == 200)
            let other = try await practice.app.send(
                .post, "/api/patients/\(practice.patient.id)/medical-history", as: practice.doctor,
                body: #"{"patientId":1,"visitDate":"2026-03-09","symptoms":"Fever"}"#)
            #expect(other.fieldErrors == ["patientId"])
        }
    }

    @Test("an appointment must be of the two and not cancelled", arguments: DatabaseKind.available)
    func appointments(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let other = try await practice.app.registerPatient()
            let booked = try await practice.app.send(
                .post, "/api/appointments/patient/book", as: other,
                body: #"{"doctorId":\#(practice.doctor.id),"appointmentDateTime":"2026-03-11T11:00:00"}"#)
            var entry = practice.entry
            for id in [try #require(booked["appointmentId"].int, "\(booked.text)"), 987_654_321] {
                entry.appointmentId = id
                #expect(try await practice.write(entry).fieldErrors == ["appointmentId"])
            }
            let written = try await practice.written()
            try await practice.move("cancel")
            entry.appointmentId = practice.appointment
            #expect(try await practice.write(entry).fieldErrors == ["appointmentId"])
            let moved = try await practice.update(written, #"{"appointmentId":\#(practice.appointment)}"#)
            #expect(moved.fieldErrors == ["appointmentId"])
        }
    }

    @Test("a repeated request writes one entry", arguments: DatabaseKind.available)
    func repeats(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let first = try await practice.write(key: "visit")
            let second = try await practice.write(key: "visit")
            #expect(first.status == 200)
            #expect(second.bytes == first.bytes)
            #expect(try await practice.list().json.list.count == 1)
        }
    }

    @Test("lists show the latest visit first, in pages, ranges and by diagnosis", arguments: DatabaseKind.available)
    func lists(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            var entry = practice.entry
            for (day, diagnosis) in [
                ("2026-02-01", "Type 2 diabetes"), ("2026-03-01", "Migraine"), ("2026-01-01", "DIABETES insipidus"),
            ] {
                entry.visitDate = day
                entry.diagnosis = diagnosis
                _ = try await practice.written(entry)
            }
            func days(_ path: String) async throws -> [String] {
                try await practice.list(path).json.list.compactMap { $0["visitDate"].string }
            }
            let all = ["2026-03-01", "2026-02-01", "2026-01-01"]
            #expect(try await days("") == all)
            #expect(try await days("/recent") == all)
            #expect(try await days("/recent?limit=2") == Array(all.prefix(2)))
            #expect(try await practice.list("/recent?limit=0").status == 400)
            #expect(try await practice.list("/recent?limit=101").status == 400)
            #expect(try await days("/by-date-range?startDate=2026-01-01&endDate=2026-02-01") == Array(all.suffix(2)))
            #expect(try await practice.list("/by-date-range?startDate=2026-02-01").status == 400)
            let reversed = try await practice.list("/by-date-range?startDate=2026-02-01&endDate=2026-01-01")
            #expect(reversed.fieldErrors == ["endDate"])
            #expect(try await days("/diagnosis/diabetes") == Array(all.suffix(2)))
            #expect(try await days("/diagnosis/diabetes?page=1&size=1") == [all[2]])
            #expect(try await days("/diagnosis/Gout") == [])
            #expect(try await days("/with-doctor") == all)
            let page = try await practice.list("?page=1&size=2")
            #expect(page.json.list.map { $0["visitDate"].string } == [all[2]])
            #expect(page.header("X-Total-Count") == "3")
            let path = "/api/patients/\(practice.patient.id)/medical-history"
            for user in [practice.doctor, practice.patient] {
                let list = try await practice.app.get(path, as: user)
                #expect(list.json.list.compactMap { $0["visitDate"].string } == all)
            }
            let range = try await practice.app.get(
                path + "/date-range?startDate=2026-03-01&endDate=2026-03-01", as: practice.patient)
            #expect(range.json.list.compactMap { $0["visitDate"].string } == [all[0]])
        }
    }

    @Test("the summary counts visits and names each diagnosis once", arguments: DatabaseKind.available)
    func summary(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let empty = try await practice.list("/summary")
            #expect(empty["totalVisits"].int == 0)
            #expect(empty["firstVisit"].isNull)
            var entry = practice.entry
            for (day, diagnosis) in [("1970-01-11", "Asthma"), ("2026-03-01", "Migraine"), ("2026-01-01", "ASTHMA")] {
                entry.visitDate = day
                entry.diagnosis = diagnosis
                _ = try await practice.written(entry)
            }
            let summary = try await practice.list("/summary", as: practice.patient)
            #expect(summary["totalVisits"].int == 3)
            #expect(summary["patientId"].int == Int(practice.patient.id))
            #expect(summary["firstVisit"].int == 10)
            #expect(summary["lastVisit"].int == LocalDate("2026-03-01")?.daysSinceEpoch)
            #expect(summary["uniqueDiagnoses"].list.map(\.string) == ["Migraine", "ASTHMA"])
            #expect(summary["diagnosisCount"].int == 2)
        }
    }

    @Test(
        "an entry without an appointment is of the same doctor's appointment of that day",
        arguments: DatabaseKind.available)
    func visits(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let later = try await practice.later(.days(1))
            let colleague = try await later.app.registerDoctor()
            let booked = try await later.app.send(
                .post, "/api/appointments/patient/book", as: later.patient,
                body: #"{"doctorId":\#(colleague.id),"appointmentDateTime":"2026-03-11T09:00:00"}"#)
            #expect(booked.status == 200, "\(booked.text)")
            var entry = later.entry
            entry.visitDate = "2026-03-11"
            _ = try await later.written(entry)
            entry.visitDate = "2026-03-09"
            _ = try await later.written(entry)
            let list = try await later.list("/with-doctor", as: later.patient)
            #expect(list.json.list.map { $0["appointmentDate"].string } == ["2026-03-11T10:00:00", "2026-03-09"])
            #expect(list.json.list.map { $0["doctorName"].string } == ["Meera Iyer", "Meera Iyer"])
        }
    }

    @Test("an erased patient's entries have no texts, and nothing is written", arguments: DatabaseKind.available)
    func erased(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let id = try await practice.written()
            try await practice.erasePatient()
            // Another node's key cache is empty.
            try await practice.app.restarted([:]) { app in
                let found = try await app.get("/api/medical-history/\(id)", as: practice.doctor)
                #expect(found.status == 200, "\(found.text)")
                #expect(found["symptoms"].isNull)
                #expect(found["prescription"].list.isEmpty)
                for (method, path) in [
                    (HTTPRequest.Method.post, "/api/medical-history"), (.put, "/api/medical-history/\(id)"),
                ] {
                    let body = """
                        {"patientId":\(practice.patient.id),"visitDate":"2026-03-10","symptoms":"x","diagnosis":"y"}
                        """
                    let refused = try await app.send(method, path, as: practice.doctor, body: body)
                    #expect(refused.problemCode == "PATIENT_INACTIVE")
                }
            }
        }
    }
}
