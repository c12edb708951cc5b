import CareSyncCore

/// An invented patient.
struct DemoPatient: Sendable {
    let firstName: String
    let lastName: String
    let gender: String
    let bloodGroup: String
    let dateOfBirth: LocalDate
    let illnessDetails: String?
    let contactInfo: String

    var username: String { "\(firstName).\(lastName)".lowercased() }
}

enum DemoPatients {
    /// Forty people with different names.
    static let all: [DemoPatient] = (0..<40).map { number in
        DemoPatient(
            firstName: firstNames[number % 20],
            // A second round over the first names is paired with last names shifted by one.
            lastName: lastNames[(number * 7 + number / 20) % 20],
            gender: number % 2 == 0 ? "Female" : "Male",
            bloodGroup: bloodGroups[number * 3 % bloodGroups.count],
            // From 1945 on, some 1.7 years apart.
            dateOfBirth: LocalDate(daysSinceEpoch: -8_900 + number * 631),
            illnessDetails: illnesses[number % illnesses.count],
            contactInfo: "+91 00000 020\(number < 10 ? "0" : "")\(number)")
    }

    private static let firstNames = [
        "Aarini", "Bhavek", "Charuli", "Dhruvan", "Eshani", "Farhaz", "Garimi", "Harith", "Ishira", "Jayant",
        "Kirani", "Lakshit", "Mihika", "Nakshan", "Oviya", "Pranesh", "Reshma", "Sarvesh", "Tanushi", "Utkarn",
    ]

    private static let lastNames = [
        "Agarvani", "Bhattal", "Chopal", "Dasgari", "Gokhani", "Hegdar", "Jainor", "Kulkari", "Lalwar", "Mishrani",
        "Nairal", "Ojhari", "Pateli", "Raoji", "Sharvan", "Thakori", "Upadhari", "Vaidyal", "Wagheli", "Yadani",
    ]

    private static let bloodGroups = ["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"]

    private static let illnesses: [String?] = [
        nil, "Seasonal asthma", "High blood pressure", nil, "Migraine", "Type 2 diabetes", nil, "Back pain",
    ]
}
