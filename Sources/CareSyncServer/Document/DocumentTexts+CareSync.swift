import Directory
import Identity
import WebAPI

extension DocumentTexts {
    /// What the product's document says beside its operations.
    static func product(server: String? = nil) -> DocumentTexts {
        var texts = DocumentTexts(title: "CareSync", version: Release.version)
        texts.introduction = DocumentIntroduction.text
        texts.tags = DocumentTags.all
        texts.glossary = DocumentGlossary.fields
        texts.components = DocumentGlossary.components
        texts.unions["SessionUser"] = DocumentUnion(discriminator: "role", DirectoryFeature.profileShapes)
        texts.names = DocumentGlossary.names
        texts.server = server
        return texts
    }
}

/// The chapters, in the order in which somebody meets them.
enum DocumentTags {
    static let all: [DocumentTag] = [
        DocumentTag(
            "Sign-in", "Registering, signing in and out, and the account behind a token.",
            paths: ["/api/auth"]),
        DocumentTag(
            "E-mail verification", "Proving an e-mail address before registration.",
            paths: ["/api/auth/email-verification"]),
        DocumentTag(
            "Password reset", "Setting a new password by a mailed link or code.",
            paths: [
                "/api/auth/forgot-password", "/api/auth/reset-password", "/api/auth/forgot-password-otp",
                "/api/auth/verify-otp", "/api/auth/reset-password-otp",
            ]),
        DocumentTag(
            "Second factor", "Setting up, using and removing a second factor, and stepping up.",
            paths: ["/api/auth/second-factor", "/api/auth/step-up"]),
        DocumentTag("Own sessions", "The sessions of an account.", paths: ["/api/auth/sessions"]),
        DocumentTag("Reference data", "The value lists of forms.", paths: ["/api/master"]),
        DocumentTag("Doctors", "Finding doctors, their profiles and their working hours.", paths: ["/api/doctors"]),
        DocumentTag(
            "Booking", "Free slots, booking, emergencies and holds.",
            paths: [
                "/api/appointments", "/api/appointments/available-slots", "/api/appointments/patient/book",
                "/api/appointments/patient/book-emergency",
            ]),
        DocumentTag(
            "A patient's appointments", "Patients' own appointments.", paths: ["/api/appointments/patient"]),
        DocumentTag(
            "A doctor's appointments", "Doctors' appointments, and the patients they treat.",
            paths: ["/api/appointments/doctor"]),
        DocumentTag("Reviews", "What patients say about their doctors.", paths: ["/api/feedback"]),
        DocumentTag("Lab catalogue", "The lab tests of the clinic and their prices.", paths: ["/api/lab-tests"]),
        DocumentTag(
            "Lab bookings", "Booking lab tests, with or without their payment.", paths: ["/api/bookings"]),
        DocumentTag(
            "Payments", "Paying through Razorpay, and what has become of payments.",
            paths: ["/api/payments", "/public/pay"]),
        DocumentTag("Leave", "Days on which a doctor takes no appointments.", paths: ["/api/doctor-leaves"]),
        DocumentTag(
            "Patient data",
            "Patients' profiles, what they agree to, who accessed their data, and emergency access to it.",
            paths: [
                "/api/patients", "/api/break-glass",
            ]),
        DocumentTag(
            "Medical history", "What doctors write about visits and prescribe.",
            paths: ["/api/medical-history", "/public/prescriptions"]),
        DocumentTag("Vitals", "What patients measure themselves.", paths: ["/api/vitals"]),
        DocumentTag(
            "Documents", "Uploading, reading, deleting and sharing documents.",
            paths: ["/api/files", "/api/documents", "/public/documents"]),
        DocumentTag(
            "Clinic", "The desk's bookings, holidays and the verification of doctors, for administrators.",
            paths: ["/api/appointments/admin", "/api/clinic", "/api/admin/doctors"]),
        DocumentTag(
            "Accounts", "Accounts, sessions and blocked addresses, for administrators.", paths: ["/api/admin"]),
        DocumentTag(
            "Operations", "The audit log, the outbox, the metrics and the health of the server.",
            paths: ["/api/admin/audit", "/api/admin/outbox", "/health", "/actuator", "/metrics"]),
    ]
}
