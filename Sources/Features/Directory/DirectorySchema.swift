package import Persistence

/// The tables of doctors, patients and the value lists of the forms.
package enum DirectorySchema {
    package static let migrations: [Migration] = [
        DoctorSchema.migration, PatientSchema.migration, ReferenceDataSchema.migration, BreakGlassSchema.migration,
        KeyRotationSchema.migration,
        ConsentSchema.migration,
    ]
}
