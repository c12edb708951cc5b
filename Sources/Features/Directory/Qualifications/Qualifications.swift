import CareSyncCore

/// Experience, education and certificates of several doctors, by doctor.
struct Qualifications: Sendable {
    var experiences: [DoctorID: [Experience]] = [:]
    var educations: [DoctorID: [Education]] = [:]
    var certificates: [DoctorID: [Certificate]] = [:]

    static let none = Qualifications()
}
