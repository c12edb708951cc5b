import CareSyncCore
import Persistence

/// A new doctor; not verified by default.
struct NewDoctor: Sendable {
    let id: DoctorID
    var firstName: String
    var lastName: String
    var specialization: String?
    var contactInfo: String?
    var gender: String?
    var dateOfBirth: LocalDate?
    var fee: Money?
    var address: String?
    var languages: [String]?
    var verifiedBy: UserID?
    var experiences: [NewExperience] = []
    var educations: [NewEducation] = []
    var rating: NewRating?

    init(id: DoctorID, firstName: String, lastName: String) {
        self.id = id
        self.firstName = firstName
        self.lastName = lastName
    }
}

/// The number of reviews and the sum of their stars, given as evenly as they can be.
struct NewRating: Sendable {
    let reviewCount: Int
    let sum: Int

    /// How many reviews have one to five stars.
    var stars: [Int] {
        var stars = [0, 0, 0, 0, 0]
        guard reviewCount > 0 else { return stars }
        let (low, more) = sum.quotientAndRemainder(dividingBy: reviewCount)
        stars[low - 1] = reviewCount - more
        if more > 0 { stars[low] = more }
        return stars
    }
}

extension DoctorRepository {
    func insert(_ doctor: NewDoctor, at now: Instant) throws {
        let languages = doctor.languages.map(Languages.join)
        try db.run(
            """
            INSERT INTO doctors (id, first_name, first_name_key, last_name, last_name_key, specialization,
                                 specialization_key, contact_info, gender, gender_key, date_of_birth, consultation_fee,
                                 address, languages, languages_key, is_verified, verified_at, verified_by, created_at, updated_at)
            VALUES (\(doctor.id), \(doctor.firstName), \(TextKey.folded(doctor.firstName)), \(doctor.lastName),
                    \(TextKey.folded(doctor.lastName)), \(doctor.specialization),
                    \(doctor.specialization.map(TextKey.folded)), \(doctor.contactInfo), \(doctor.gender),
                    \(doctor.gender.map(TextKey.folded)), \(doctor.dateOfBirth), \(doctor.fee), \(doctor.address),
                    \(languages), \(doctor.languages.map(Languages.key)), \(doctor.verifiedBy != nil),
                    \(doctor.verifiedBy == nil ? nil : now), \(doctor.verifiedBy), \(now), \(now))
            """)
        try insertNameWords(of: doctor.id, firstName: doctor.firstName, lastName: doctor.lastName)
        try db.run(
            doctor.experiences.map { Experience.insertion($0, of: doctor.id) }
                + doctor.educations.map { Education.insertion($0, of: doctor.id) })
        if let rating = doctor.rating { try insert(rating, of: doctor.id) }
    }

    func insertNameWords(of doctor: DoctorID, firstName: String, lastName: String) throws {
        let words = TextKey.words(of: firstName).union(TextKey.words(of: lastName)).sorted()
        guard !words.isEmpty else { return }
        let rows = words.map { "(\(doctor), \($0))" as SQL }
        try db.run("INSERT INTO doctor_name_words (doctor_id, word) VALUES \(SQL.joined(rows, separator: ", "))")
    }

    private func insert(_ rating: NewRating, of doctor: DoctorID) throws {
        let stars = rating.stars
        try db.run(
            """
            INSERT INTO doctor_ratings (doctor_id, stars_1, stars_2, stars_3, stars_4, stars_5)
            VALUES (\(doctor), \(stars[0]), \(stars[1]), \(stars[2]), \(stars[3]), \(stars[4]))
            """)
    }
}
