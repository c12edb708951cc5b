import CareSyncCore
import CareSyncTesting
import PDF
import Testing

@testable import Records

@Suite("Prescriptions on paper")
struct PrescriptionPageTests {
    private static func page(items: Int = 2, allergies: [String]? = ["पेनिसिलिन (गंभीर)"]) throws -> PrescriptionPage {
        PrescriptionPage(
            prescriber: PrescriptionPage.Prescriber(
                name: "Dr. Meera Nair", qualification: "MBBS, MD", registrationNumber: "KMC 12345",
                clinic: "Lakeside Clinic", contact: "+91 98200 00000"),
            recipient: PrescriptionPage.Recipient(name: "क्षमा शर्मा", age: "34 years", sex: "Female", allergies: allergies),
            visit: try #require(LocalDate("2026-03-09")), issued: try #require(LocalDate("2026-03-10")),
            diagnosis: "Migraine",
            items: (0..<items).map {
                PrescriptionPage.Item(
                    medicine: "Paracetamol \($0)", dose: "500 mg", frequency: "1-0-1", duration: "5 days",
                    instructions: "भोजन के बाद")
            },
            notes: ["Drink a lot."], verificationAddress: "https://clinic.example/public/prescriptions/k3j9x2m4q7w8")
    }

    private static func text(_ page: PrescriptionPage) async throws -> (text: String, file: PDFFile) {
        let file = try await PDFRenderer(threads: 1).file(of: try page.document(at: Instant(seconds: 1_773_115_200)))
        return (try PrintedText.of(file.bytes), file)
    }

    @Test("everything a pharmacist needs is on it, in the scripts it was written in")
    func content() async throws {
        let (text, file) = try await Self.text(try Self.page())
        #expect(file.pageCount == 1)
        #expect(file.missingGlyphs == 0)
        for part in [
            "Dr. Meera Nair", "MBBS, MD", "Registration number KMC 12345", "Lakeside Clinic", "2026-03-09",
            "2026-03-10",
            "क्षमा शर्मा, 34 years, Female", "पेनिसिलिन (गंभीर)", "Migraine", "Paracetamol 0", "Paracetamol 1", "500 mg",
            "1-0-1", "5 days", "भोजन के बाद", "Drink a lot.", "/public/prescriptions/k3j9x2m4q7w8",
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
    }

    @Test("no allergies, and allergies that nobody has asked for, are told apart")
    func allergies() async throws {
        #expect(try await Self.text(try Self.page(allergies: [])).text.contains("None known"))
        #expect(try await Self.text(try Self.page(allergies: nil)).text.contains("Not recorded"))
    }

    @Test(
        "small children's age is told in months",
        arguments: [
            ("2026-03-09", "0 months"), ("2026-02-09", "1 month"), ("2026-02-10", "0 months"),
            ("2024-03-10", "23 months"), ("2024-03-09", "2 years"), ("1992-03-10", "33 years"),
            ("2026-03-10", "0 months"),
        ])
    func age(_ birth: String, _ text: String) throws {
        let (visit, birth) = (try #require(LocalDate("2026-03-09")), try #require(LocalDate(birth)))
        #expect(PrescriptionSheet.age(on: visit, born: birth) == text)
    }

    @Test("many medicines take several pages")
    func long() async throws {
        let (text, file) = try await Self.text(try Self.page(items: 80))
        #expect(file.pageCount > 1)
        for index in 0..<80 { #expect(text.contains("Paracetamol \(index)")) }
    }
}
