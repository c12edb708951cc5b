package import CareSyncCore
package import Persistence

/// How often a doctor was given each number of stars: the roll-up of the reviews (rules/reviews 6).
package struct DoctorRatings: RowDecodable, Sendable, Equatable {
    package static let stars = 1...5

    /// Of one to five stars.
    private let counts: [Int]

    private static let columns: [SQL] = ["stars_1", "stars_2", "stars_3", "stars_4", "stars_5"]

    package init(row: Row) throws {
        counts = try (0..<Self.columns.count).map { try row.value(at: $0) }
    }

    /// How often this number of stars was given.
    package subscript(stars: Int) -> Int { Self.stars.contains(stars) ? counts[stars - 1] : 0 }

    /// Of all stars, not rounded; 0 without reviews.
    package var mean: Double {
        let count = counts.reduce(0, +)
        let sum = Self.stars.reduce(0) { $0 + $1 * self[$1] }
        return count == 0 ? 0 : Double(sum) / Double(count)
    }

    /// `nil` for an unknown doctor.
    package static func find(_ doctor: DoctorID, db: any Connection) throws -> DoctorRatings? {
        let counts = columns.map { "coalesce(r.\($0), 0)" as SQL }
        return try db.first(
            """
            SELECT \(SQL.joined(counts, separator: ", "))
            FROM doctors d LEFT JOIN doctor_ratings r ON r.doctor_id = d.id WHERE d.id = \(doctor)
            """)
    }

    /// Locks the doctor's row, which the roll-up is copied to: whoever changes reviews of a doctor waits here first, so
    /// that what is read of them afterwards stays (rules/persistence 4).
    package static func lock(_ doctor: DoctorID, db: any Connection) throws {
        _ = try db.exists(
            "SELECT d.id FROM doctors d WHERE d.id = \(doctor)\(db.dialect.forNoKeyUpdate(of: "d"))")
    }

    /// Takes a rating out, puts one in, or both; the doctor is locked. Lists and searches follow by triggers.
    package static func change(
        of doctor: DoctorID, from old: Int?, to new: Int?, db: any Connection
    ) throws {
        guard old != new else { return }
        let steps = [(old, -1), (new, 1)].compactMap { stars, step -> SQL? in
            guard let stars, Self.stars.contains(stars) else { return nil }
            let column = columns[stars - 1]
            return "\(column) = \(column) + \(step)"
        }
        try db.run([
            "INSERT INTO doctor_ratings (doctor_id) VALUES (\(doctor)) ON CONFLICT (doctor_id) DO NOTHING",
            "UPDATE doctor_ratings SET \(SQL.joined(steps, separator: ", ")) WHERE doctor_id = \(doctor)",
        ])
    }
}
