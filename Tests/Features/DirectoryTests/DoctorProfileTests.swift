import CareSyncCore
import CareSyncTesting
import Foundation
import Persistence
import Testing

@testable import Directory

@Suite("Doctor profiles")
struct DoctorProfileTests {
    @Test("a profile has every published field and nothing else", arguments: DatabaseKind.available)
    func shape(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed([doctor(10)])
            let object = try await app.get("/api/doctors/10", as: .admin).object
            let fields: Set = [
                "id", "username", "email", "role", "firstName", "lastName", "name", "specialization",
                "profileImageUrl", "contactInfo", "isActive", "gender", "dateOfBirth", "consultationFees",
                "paymentPolicy", "cancellationTerms", "address", "languages", "experiences", "educations",
                "certificates", "averageRating",
                "reviewCount", "isVerified",
                "completionPercentage",
            ]
            #expect(Set(object.keys) == fields)
            #expect(object["name"] as? String == "Asha Rao")
            #expect(object["role"] as? String == "DOCTOR")
            #expect(object["averageRating"] as? Double == 0)
            #expect(object["completionPercentage"] as? Int == 0)
            #expect((object["certificates"] as? [Any])?.isEmpty == true)
            #expect(object["languages"] is NSNull)
        }
    }

    @Test("the completion adds up to 100", arguments: DatabaseKind.available)
    func completion(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            var full = doctor(10)
            full.contactInfo = "+91 00000 00000"
            full.gender = "Female"
            full.specialization = "Cardiology"
            full.fee = Money(minorUnits: 50_050)
            full.languages = ["Hindi", " English "]
            full.address = "Somewhere"
            full.experiences = [NewExperience(hospitalName: "H", position: "P", yearsOfService: 1)]
            full.educations = [NewEducation(degree: "MD", institution: "I", yearOfCompletion: 2000)]
            try await app.seed([full])
            let profile = try await app.get("/api/doctors/profile/DOCTOR10", as: .doctor(10))
                .decode(DoctorResponse.self)
            #expect(profile.completionPercentage == 90)
            #expect(profile.languages == ["Hindi", "English"])
            #expect(profile.consultationFees == Money(minorUnits: 50_050))
            try await app.run("UPDATE doctors SET profile_image_url = 'https://x.example/y'")
            let again = try await app.get("/api/doctors/10", as: .admin).decode(DoctorResponse.self)
            #expect(again.completionPercentage == 100)
        }
    }

    @Test("visitors see no contact details and no birth date, signed-in callers do", arguments: DatabaseKind.available)
    func publicProfile(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            var known = doctor(10)
            known.contactInfo = "+91 00000 00000"
            known.dateOfBirth = LocalDate("1975-08-09")
            try await app.seed([known])
            let visitor = try await app.get("/api/doctors/public/Doctor10").object
            #expect(visitor["email"] is NSNull)
            #expect(visitor["contactInfo"] is NSNull)
            #expect(visitor["dateOfBirth"] is NSNull)
            let patient = try await app.get("/api/doctors/public/doctor10", as: .patient).object
            #expect(patient["email"] as? String == "doctor10@example.org")
            #expect(patient["contactInfo"] as? String == "+91 00000 00000")
            #expect(patient["dateOfBirth"] as? String == "1975-08-09")
            #expect(try await app.get("/api/doctors/public/doctor10", token: "nonsense").status == 401)
        }
    }

    @Test(
        "a doctor nobody can book is public to administrators and to the doctor only",
        arguments: DatabaseKind.available)
    func hiddenProfile(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed([doctor(10, verified: false), doctor(11)], inactive: [DoctorID(11)])
            for id: Int64 in [10, 11] {
                let path = "/api/doctors/public/doctor\(id)"
                let hidden = try await app.get(path)
                #expect(hidden.status == 404)
                #expect(hidden.code == "DOCTOR_NOT_FOUND")
                #expect(try await app.get(path, as: .patient).status == 404)
                #expect(try await app.get(path, as: .doctor(99)).status == 404)
                #expect(try await app.get(path, as: .doctor(id)).status == 200)
                #expect(try await app.get(path, as: .admin).status == 200)
            }
        }
    }

    @Test("unknown doctors are 404, whatever the name looks like", arguments: DatabaseKind.available)
    func unknown(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed([doctor(10)])
            #expect(try await app.get("/api/doctors/11", as: .admin).code == "DOCTOR_NOT_FOUND")
            for name in ["nobody", "theadmin", "%E2%84%AA", "doctor1_", String(repeating: "x", count: 5000)] {
                #expect(try await app.get("/api/doctors/profile/\(name)", as: .admin).status == 404, "\(name)")
            }
        }
    }

    @Test("an invalid id is refused and named", arguments: ["abc", "0", "-1", "9007199254740992", "1.0", "%00"])
    func badID(_ id: String) async throws {
        try await withDirectory(.sqlite) { app in
            let reply = try await app.get("/api/doctors/\(id)", as: .admin)
            #expect(reply.status == 400)
            #expect(reply.field == "id")
        }
    }

    @Test("patients do not read profiles by id or user name")
    func notForPatients() async throws {
        try await withDirectory(.sqlite) { app in
            try await app.seed([doctor(10)])
            #expect(try await app.get("/api/doctors/10", as: .patient).status == 403)
            #expect(try await app.get("/api/doctors/profile/doctor10", as: .patient).status == 403)
        }
    }
}
