import CareSyncCore
import CareSyncServer
import Cryptography
import Foundation
import Identity
import Logging
import Persistence

/// Fills a migrated, empty database with the data the load harness expects: 200 doctors with the ids 1 to 200, 2,000
/// patients, 20,000 past appointments and 3,000 coming ones. The environment is that of `caresync serve`.
@main
struct BenchmarkSeed {
    private static let specializations = [
        "Dermatology", "Neurology", "Orthopedics", "Pediatrics", "Psychiatry", "Radiology", "Urology", "Oncology",
        "Ophthalmology", "Gynecology", "Endocrinology", "Gastroenterology", "Nephrology", "Pulmonology", "Rheumatology",
        "Hematology", "Dentistry", "ENT", "General Medicine",
    ]

    static func main() async throws {
        let configuration = try LoadedConfiguration.load(
            environment: ProcessInfo.processInfo.environment, createsKeys: true
        ).configuration
        let logger = Logger(label: "benchmark-seed")
        let database = try configuration.openDatabase(logger: logger)
        let system = try await CareSync(configuration: configuration, database: database, logger: logger)
        let hasher = try PasswordHasher(cost: 10, random: .system)
        let hash = try await hasher.hash("Secret123!")
        try await database.write { db in
            for id in 1...200 { try doctor(Int64(id), hash, db) }
        }
        var patients: [Int64] = []
        for first in stride(from: 1, through: 2000, by: 250) {
            patients += try await database.write { db in
                try (first..<first + 250).map { number in
                    let account = NewAccount(
                        username: "patient\(number)", email: "patient\(number)@example.org", passwordHash: hash,
                        role: .patient)
                    let form = ProfileForm(firstName: "Pat\(number)", lastName: "Ient\(number)")
                    return try system.identity.addAccount(account, form: form, db: db).id.rawValue
                }
            }
        }
        let all = patients
        for doctor in 1...200 {
            try await database.write { db in try appointments(Int64(doctor), all, configuration.zone, db) }
        }
        await database.close()
    }

    private static func doctor(_ id: Int64, _ hash: String, _ db: any Connection) throws {
        let (i, now) = (Int(id), db.now)
        try db.run(
            """
            INSERT INTO users (id, username, username_key, email, email_key, password_hash, role, created_at, updated_at)
            VALUES (\(id), \("doctor\(i)"), \("doctor\(i)"), \("doctor\(i)@example.org"), \("doctor\(i)@example.org"),
                    \(hash), 'DOCTOR', \(now), \(now))
            """)
        let specialization = i <= 48 ? "Cardiology" : specializations[i % 19]
        try db.run(
            """
            INSERT INTO doctors (id, first_name, first_name_key, last_name, last_name_key, specialization,
                                 specialization_key, profile_image_url, contact_info, gender, gender_key,
                                 consultation_fee, address, languages, languages_key, is_verified, created_at,
                                 updated_at)
            VALUES (\(id), \("First\(i)"), \("first\(i)"), \("Last\(i)"), \("last\(i)"), \(specialization),
                    \(specialization.lowercased()),
                    \("https://img.example.org/d/\(i).jpg"), \("+1-555-\(1000 + i)"),
                    \(i % 2 == 0 ? "Female" : "Male"), \(i % 2 == 0 ? "female" : "male"),
                    \((300 + i * 7 % 50 * 10) * 100), \("\(i) Harbour Street, Springfield"), 'English,Hindi,Telugu',
                    'english,hindi,telugu', TRUE, \(now), \(now))
            """)
        try db.run(
            """
            INSERT INTO doctor_name_words (doctor_id, word) VALUES (\(id), \("first\(i)")), (\(id), \("last\(i)"))
            """)
        let count = 20 + i * 13 % 400
        // A mean from 3 to 5.
        let low = count * (40 - i * 37 % 41) / 40
        try db.run(
            """
            INSERT INTO doctor_ratings (doctor_id, stars_3, stars_5) VALUES (\(id), \(low), \(count - low))
            """)
        let today = LocalDate(daysSinceEpoch: Int(now.seconds / 86_400))
        try db.run(
            """
            INSERT INTO doctor_leaves (doctor_id, start_date, end_date, created_at)
            VALUES (\(id), \(today.adding(days: -20)), \(today.adding(days: -15)), \(now))
            """)
    }

    /// 100 past visits, ten a day, and 15 coming ones: three a day at 10:00, 11:30 and 14:30.
    private static func appointments(_ doctor: Int64, _ patients: [Int64], _ zone: ClinicZone, _ db: any Connection)
        throws
    {
        let today = zone.date(at: db.now)
        let d = Int(doctor)
        for k in 0..<100 {
            let time = LocalTime(hour: 9 + k % 10 / 2, minute: k % 2 * 30)
            try insert(
                doctor, patients[(d * 31 + k * 7) % patients.count],
                LocalDateTime(today.adding(days: -1 - k / 10), time),
                "COMPLETED", "p\(doctor)-\(k)", zone, db)
        }
        let coming = [LocalTime(hour: 10, minute: 0), LocalTime(hour: 11, minute: 30), LocalTime(hour: 14, minute: 30)]
        for k in 0..<15 {
            try insert(
                doctor, patients[(d * 17 + k) % patients.count],
                LocalDateTime(today.adding(days: 1 + k / 3), coming[k % 3]), "BOOKED", "c\(doctor)-\(k)", zone, db)
        }
    }

    private static func insert(
        _ doctor: Int64, _ patient: Int64, _ time: LocalDateTime, _ status: String, _ room: String, _ zone: ClinicZone,
        _ db: any Connection
    ) throws {
        guard let start = zone.instant(of: time) else { return }
        let (id, now) = (try db.nextID(IDAllocator("appointment_ids")), db.now)
        try db.run(
            """
            INSERT INTO appointments (id, doctor_id, patient_id, starts_at, ends_at, status, video_room_id, created_at,
                                      updated_at, status_changed_by)
            VALUES (\(id), \(doctor), \(patient), \(start), \(start + .minutes(30)), \(status), \(room), \(now), \(now),
                    'SYSTEM')
            """)
    }
}
