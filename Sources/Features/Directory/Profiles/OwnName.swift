import CareSyncCore

extension Principal {
    /// The caller as the doctor of that user name: a route that names somebody else is refused without a look-up
    /// (rules/access 3 and 4).
    func requireDoctor(named username: String) throws -> DoctorID {
        let doctor = try requireDoctor()
        guard isNamed(username) else { throw Problem.accessDenied }
        return doctor
    }

    /// The caller as the patient of that id, refused likewise.
    func requirePatient(_ id: PatientID) throws -> PatientID {
        let patient = try requirePatient()
        guard id == patient else { throw Problem.accessDenied }
        return patient
    }

    /// Whether a path that holds a user name means the caller. User names are ASCII, in whatever case.
    func isNamed(_ username: String) -> Bool {
        username.utf8.allSatisfy { $0 < 0x80 } && username.lowercased() == self.username.lowercased()
    }
}
