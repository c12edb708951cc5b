import CareSyncCore
import CareSyncTesting
import Foundation

@testable import Directory

/// Filters as a client writes them.
struct Filters {
    var values: [(name: String, value: String)] = []

    subscript(name: String) -> String? { values.first { $0.name == name }?.value }

    var query: String { values.map { "\($0.name)=\(encoded($0.value))" }.joined(separator: "&") }
}

/// What a list must contain, computed without a database.
struct DoctorModel: Sendable {
    let doctors: [NewDoctor]
    let inactive: Set<DoctorID>

    static func random(_ random: SeededRandom, count: Int) -> DoctorModel {
        let doctors = (0..<count).map { number in
            var doctor = doctor(
                Int64(100 + number), pick(random, firstNames), pick(random, lastNames), verified: random.below(5) > 0)
            doctor.specialization = pick(random, ["Cardiology", "cardiology", "Neurology", "Card%", nil])
            let fees: [Int64?] = [nil, 0, 30_000, 30_050, 50_000, 120_000]
            doctor.fee = pick(random, fees).map { Money(minorUnits: $0) }
            doctor.languages = pick(random, [nil, ["Hindi"], ["Hindi", "English"], ["Hin_i"], ["English", "100%"]])
            doctor.gender = pick(random, ["Male", "female", nil])
            let reviews = random.below(4)
            if reviews > 0 {
                let sum = (0..<reviews).reduce(0) { sum, _ in sum + 1 + random.below(5) }
                doctor.rating = NewRating(reviewCount: reviews, sum: sum)
            }
            if random.below(3) == 0 {
                doctor.experiences = [NewExperience(hospitalName: "H", position: "P", yearsOfService: 3)]
            }
            return doctor
        }
        return DoctorModel(doctors: doctors, inactive: Set(doctors.filter { _ in random.below(6) == 0 }.map(\.id)))
    }

    static func filters(_ random: SeededRandom) -> Filters {
        var filters = Filters()
        func maybe(_ name: String, _ values: [String]) {
            if random.below(3) == 0 { filters.values.append((name, pick(random, values))) }
        }
        maybe("specialization", ["Cardiology", " CARDIOLOGY", "neurology", "Card%", "Cardio"])
        maybe("minRating", ["0", "2.5", "4", "5"])
        maybe("maxFee", ["0", "300", "300.5", "300.49", "100000"])
        maybe("language", ["hindi", "English", "Hin_i", "100%", "Eng"])
        maybe("gender", ["male", "FEMALE", "x"])
        maybe("name", ["a", "r ash", "%", "_", "!", "AN", "sha", "Dr. ravi"])
        maybe("availableOn", ["2026-03-11", "2026-03-12"])
        maybe("sort", DoctorSort.allCases.map(\.rawValue))
        return filters
    }

    /// The ids in the order of the answer.
    func ids(_ filters: Filters, bookableOnly: Bool) -> [DoctorID] {
        let isFiltered = filters.values.contains { $0.name != "sort" }
        let found = doctors.filter { matches($0, filters, bookableOnly: bookableOnly) }
        let sort = filters["sort"] ?? (isFiltered ? "-rating" : "id")
        return found.sorted { precedes($0, $1, sort) }.map(\.id)
    }

    private func matches(_ doctor: NewDoctor, _ filters: Filters, bookableOnly: Bool) -> Bool {
        let isBookable = doctor.verifiedBy != nil && !inactive.contains(doctor.id)
        if bookableOnly && !isBookable { return false }
        for (name, value) in filters.values where !matches(doctor, name, value, isBookable) { return false }
        return true
    }

    private func matches(_ doctor: NewDoctor, _ name: String, _ value: String, _ isBookable: Bool) -> Bool {
        let text = value.trimmingCharacters(in: .whitespaces).lowercased()
        switch name {
        case "specialization": return doctor.specialization?.lowercased() == text
        case "minRating": return average(doctor) >= Double(text) ?? 0
        case "maxFee":
            guard let fee = doctor.fee, let limit = Money(decimal: Decimal(string: text) ?? 0) else { return false }
            return fee <= limit
        case "language": return doctor.languages?.contains { $0.lowercased() == text } ?? false
        case "gender": return doctor.gender?.lowercased() == text
        case "name":
            let words = [doctor.firstName, doctor.lastName].map { $0.lowercased() }
            return text.replacing("dr. ", with: "").split(separator: " ").allSatisfy { part in
                words.contains { $0.hasPrefix(part) }
            }
        case "availableOn":
            return isBookable && (LocalDate(text).map { isFree(doctor.id, on: $0) } ?? false)
        default: return true
        }
    }

    private func precedes(_ left: NewDoctor, _ right: NewDoctor, _ sort: String) -> Bool {
        let byID = left.id < right.id
        switch sort {
        case "rating": return average(left) == average(right) ? byID : average(left) < average(right)
        case "-rating": return average(left) == average(right) ? byID : average(left) > average(right)
        case "fee", "-fee":
            guard left.fee != right.fee else { return byID }
            guard let low = left.fee else { return false }
            guard let high = right.fee else { return true }
            return sort == "fee" ? low < high : low > high
        case "name", "-name":
            let (first, second) = (Self.key(left), Self.key(right))
            guard first != second else { return byID }
            return sort == "name"
                ? first.lexicographicallyPrecedes(second) : second.lexicographicallyPrecedes(first)
        default: return byID
        }
    }

    private static func key(_ doctor: NewDoctor) -> [String] {
        [doctor.firstName.lowercased(), doctor.lastName.lowercased()]
    }

    private func average(_ doctor: NewDoctor) -> Double {
        doctor.rating.map { Double($0.sum) / Double($0.reviewCount) } ?? 0
    }

    private static let firstNames = ["Asha", "Anil", "Ravi", "Rita", "Sana"]
    private static let lastNames = ["Rao", "Khan", "Sharma", "Bose", "Nair"]
}

func pick<Value>(_ random: SeededRandom, _ values: [Value]) -> Value {
    values[random.below(values.count)]
}
