import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Directory
import HTTPTypes
import Persistence
import Testing

@testable import Records
@testable import Scheduling

/// What the hot paths of the record ask of the database.
@Suite("Statements of the record")
struct RecordStatementTests {
    private static func principal(_ user: TestUser) -> Principal {
        Principal(userID: user.userID, username: user.username, role: user.role, sessionID: SessionID(1))
    }

    private static func origin(_ user: TestUser) -> RequestOrigin {
        RequestOrigin(principal: principal(user), requestID: "test", address: "")
    }

    /// Statements without those of the audit row.
    private static func reads(_ count: StatementCount) -> Int { count.texts.count { $0.hasPrefix("SELECT") } }

    @Test("lists ask the same however many rows they show", arguments: DatabaseKind.available)
    func counts(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let count = StatementCount()
            let context = try practice.context(CountingDatabase(practice.app.database, count: count))
            let (histories, vitals) = (HistoryService(context: context), VitalsService(context: context))
            let (caller, origin) = (Self.principal(practice.doctor), Self.origin(practice.doctor))
            let patient = practice.patient.patientID
            var found: [[Int]] = []
            for round in 0..<2 {
                for number in 0..<(round * 7 + 1) {
                    let id = try await practice.written()
                    _ = try await practice.app.post(
                        "/api/medical-history/\(id)/amendments", as: practice.doctor, json: ["text": "More"])
                    _ = try await practice.record(#"{"weight":\#(60 + round * 10 + number)}"#)
                }
                // Keys are known after the first read.
                _ = try await histories.list(of: patient, .all, .whole, by: caller, origin: origin)
                var asked: [Int] = []
                count.reset()
                _ = try await histories.list(of: patient, .all, .whole, by: caller, origin: origin)
                asked.append(Self.reads(count))
                count.reset()
                _ = try await histories.list(
                    of: patient, diagnosed: "bronchitis", .whole, by: caller, origin: origin)
                asked.append(Self.reads(count))
                count.reset()
                let shown = try await vitals.list(of: patient, .all, .whole, by: caller, origin: origin)
                asked.append(Self.reads(count))
                #expect(shown.items.count == (round == 0 ? 1 : 9))
                found.append(asked)
            }
            // Verification, relationship, rows, amendments, appointments of the days; diagnoses first; rows alone.
            #expect(found[0] == [5, 6, 3])
            #expect(found[1] == found[0])
        }
    }

    @Test("a doctor's list of appointments reads the histories once", arguments: DatabaseKind.available)
    func appointmentLists(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let count = StatementCount()
            let database = CountingDatabase(practice.app.database, count: count)
            let service = AppointmentService(
                context: SchedulingContext(
                    database: database, zone: practice.app.zone, vault: practice.vault, settings: SchedulingSettings(),
                    care: practice.app.system.care, histories: RecordsFeature.histories(vault: practice.vault)))
            for hour in [11, 12, 15, 16] {
                let patient = try await practice.app.registerPatient()
                let booked = try await practice.app.send(
                    .post, "/api/appointments/patient/book", as: patient,
                    body: """
                        {"doctorId":\(practice.doctor.id),"appointmentDateTime":"2026-03-11T\(hour):00:00",\
                        "reason":"Cough"}
                        """)
                #expect(booked.status == 200, "\(booked.text)")
                var entry = practice.entry
                entry.patientId = patient.id
                _ = try await practice.written(entry)
            }
            let page = try await service.list(
                of: practice.doctor.doctorID, .all, .whole, origin: Self.origin(practice.doctor))
            #expect(page.items.count == 5)
            #expect(page.items.count { !$0.history.isEmpty } == 4)
            #expect(count.texts.count { $0.contains("medical_histories h") } == 1)
        }
    }

    @Test("no hot statement scans a table that grows", arguments: DatabaseKind.available)
    func plans(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let database = practice.app.database
            try await Self.fill(practice)
            let (doctor, patient) = (practice.doctor.doctorID, practice.patient.patientID)
            let (care, now) = (practice.app.system.care, practice.app.time.now)
            let paged = PageRequest(page: 3, size: 20)
            let lists = try await database.read { db in
                AppointmentRepository(db: db).rows(of: .doctor(doctor), .all, paged, care)
            }
            let statements: [(name: String, sql: SQL, index: String)] = [
                (
                    "relationship", "SELECT \(care.access(doctor: "\(doctor)", patient: "\(patient)", at: now))",
                    "medical_histories_author"
                ),
                ("treated patients", care.patients(of: doctor), "medical_histories_author"),
                ("treating doctors", care.doctors(of: patient), "medical_histories_patient"),
                ("told doctors", VitalsAlerts.recipients(care, patient), "medical_histories_patient"),
                ("appointments", lists, "medical_histories_author"),
                ("history", HistoryRepository.rows(of: patient, paged), "medical_histories_patient"),
                (
                    "histories of a list", HistoryRepository.newest(of: [patient], 20, or: [AppointmentID(1)]),
                    "medical_histories_patient"
                ),
                (
                    "vitals", VitalsRepository.rows(of: patient, VitalsRange(from: now, to: now), limit: 20, offset: 0),
                    "vitals_patient"
                ),
                ("prescription", PrescriptionRepository.lookUp([1]), "medical_histories_pkey"),
            ]
            for (name, sql, index) in statements {
                let plan = try await QueryPlan.of(sql, in: database)
                let scans = plan.fullScans.filter { scan in
                    // What another part of the statement has found.
                    !["tied", "treated", "treating", "page", "h USING"].contains { scan.contains("SCAN \($0)") }
                }
                #expect(scans.isEmpty, "\(name):\n\(plan)")
                if index != "medical_histories_pkey" { #expect(plan.uses(index), "\(name):\n\(plan)") }
            }
        }
    }

    /// Enough entries of other people that a database prefers the right index.
    private static func fill(_ practice: Practice) async throws {
        let crowd = try await practice.app.crowd(100).map(\.id)
        let colleague = try await practice.app.registerDoctor().id
        let date = try #require(LocalDate(Practice.today))
        try await practice.app.database.write { [now = practice.app.time.now] db in
            for number in 0..<2_000 {
                try db.run(
                    """
                    INSERT INTO medical_histories (id, patient_id, doctor_id, visit_date, symptoms, written_as,
                                                   created_at, updated_at)
                    VALUES (\(Int64(1_000_000 + number)), \(crowd[number % crowd.count]), \(colleague), \(date),
                            \([UInt8]([1])), 'A B', \(now), \(now))
                    """)
            }
            // SQLite has no statistics in production either.
            if db.dialect == .postgres { try db.run("ANALYZE") }
        }
    }
}
