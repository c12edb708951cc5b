/// An invented doctor.
struct DemoDoctor: Sendable {
    let firstName: String
    let lastName: String
    let gender: String
    let specialization: String
    let feeInRupees: Int64
    let languages: [String]
    let rating: NewRating?
    let experiences: [NewExperience]
    let educations: [NewEducation]
    let number: Int

    var username: String { "dr.\(firstName).\(lastName)".lowercased() }
    /// No telephone number of India begins with 0.
    var contactInfo: String { "+91 00000 010\(number < 10 ? "0" : "")\(number)" }
    var address: String { "\(number) Neem Road, Demo Nagar" }
}

enum DemoDoctors {
    static let all: [DemoDoctor] = rows.enumerated().map { doctor($1, number: $0 + 1) }

    /// Waits for an administrator.
    static let unverified = doctor(
        Row("Ravin", "Solari", "Male", "Dermatology", 450, "Hindi", 0, 0, "Resident Doctor", 1), number: 13)

    private struct Row {
        let first: String
        let last: String
        let gender: String
        let specialization: String
        let fee: Int64
        let languages: String
        let reviews: Int
        let stars: Int
        let position: String
        let years: Int

        init(
            _ first: String, _ last: String, _ gender: String, _ specialization: String, _ fee: Int64,
            _ languages: String, _ reviews: Int, _ stars: Int, _ position: String, _ years: Int
        ) {
            self.first = first
            self.last = last
            self.gender = gender
            self.specialization = specialization
            self.fee = fee
            self.languages = languages
            self.reviews = reviews
            self.stars = stars
            self.position = position
            self.years = years
        }
    }

    private static let rows: [Row] = [
        Row("Ashani", "Vermal", "Female", "Cardiology", 900, "Hindi,English", 40, 192, "Senior Consultant", 18),
        Row("Devaj", "Kapuri", "Male", "Cardiology", 750, "Hindi,English,Punjabi", 25, 105, "Consultant", 11),
        Row("Nirali", "Bosari", "Female", "Cardiology", 600, "English,Bengali", 12, 43, "Consultant", 7),
        Row("Tarun", "Mehrani", "Male", "Dermatology", 500, "Hindi,English", 31, 139, "Consultant", 9),
        Row("Sahira", "Naidal", "Female", "Dermatology", 550, "English,Telugu", 8, 39, "Senior Resident", 5),
        Row("Manoj", "Deshkar", "Male", "Orthopedics", 800, "Hindi,Marathi", 22, 97, "Surgeon", 15),
        Row("Kavisha", "Iyendar", "Female", "Pediatrics", 450, "English,Tamil", 51, 240, "Consultant", 12),
        Row("Jaspreel", "Sandhar", "Male", "Pediatrics", 400, "Punjabi,Hindi", 17, 72, "Medical Officer", 6),
        Row("Ritika", "Chatani", "Female", "Neurology", 1200, "English,Bengali,Hindi", 19, 91, "Professor", 24),
        Row("Omesh", "Pillar", "Male", "General Medicine", 300, "English,Tamil", 64, 269, "Medical Officer", 8),
        Row("Lavanya", "Rathodi", "Female", "Gynecology", 700, "Hindi,Marathi,English", 35, 164, "Consultant", 14),
        Row("Imraz", "Qureshal", "Male", "Psychiatry", 1000, "Hindi,English", 0, 0, "Consultant", 10),
    ]

    private static func doctor(_ row: Row, number: Int) -> DemoDoctor {
        DemoDoctor(
            firstName: row.first, lastName: row.last, gender: row.gender, specialization: row.specialization,
            feeInRupees: row.fee, languages: row.languages.split(separator: ",").map(String.init),
            rating: row.reviews == 0 ? nil : NewRating(reviewCount: row.reviews, sum: row.stars),
            experiences: [
                NewExperience(hospitalName: "Demo Hospital", position: row.position, yearsOfService: row.years)
            ],
            educations: [
                NewEducation(
                    degree: "MBBS", institution: "Demo Medical College", yearOfCompletion: 2020 - row.years),
                NewEducation(degree: "MD", institution: "Demo Medical College", yearOfCompletion: 2023 - row.years),
            ],
            number: number)
    }
}
