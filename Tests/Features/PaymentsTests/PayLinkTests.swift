import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Cryptography
import FeatureContract
import Foundation
import Testing

@testable import Payments

@Suite("Links to pay")
struct PayLinkTests {
    private let links: PayLinks

    init() throws {
        links = PayLinks(try RootSecret((1...32).map { UInt8($0) }), linkBase: "https://clinic.example")
    }

    private static let targets: [PayLinks.Target] = [
        .payable(PayableID(.appointment, 1)), .payable(PayableID(.labBooking, 1)), .payment(PaymentID(1)),
        .payable(PayableID(.appointment, .max)), .payable(PayableID(.appointment, 12)),
    ]

    @Test("a code leads to what it was made for")
    func roundTrip() throws {
        let codes = Self.targets.map(links.code)
        #expect(Set(codes).count == codes.count)
        for (target, code) in zip(Self.targets, codes) {
            #expect(links.target(code) == target)
            #expect(code.utf8.allSatisfy { $0 == UInt8(ascii: "-") || ($0 | 0x20).isLowerHexOrLetter })
        }
        #expect(links.link(PayableID(.appointment, 1)) == "https://clinic.example/public/pay/\(codes[0])")
    }

    @Test("a code with any other character, number, kind or key is none")
    func forged() throws {
        let code = links.code(.payable(PayableID(.appointment, 12)))
        for index in code.indices {
            for other in "0123456789abcdeflp-" where other != code[index] {
                let forged = code.replacingCharacters(in: index...index, with: String(other))
                #expect(links.target(forged) == nil, "\(forged)")
            }
        }
        for forged in [
            "", "-", "a12", "a12-", "a-1-\(code.suffix(40))", "a012\(code.dropFirst(3))", code + "0", " " + code,
            code.uppercased(), "a+12\(code.dropFirst(3))", String(repeating: "a", count: 100_000),
        ] {
            #expect(links.target(forged) == nil, "\(forged.prefix(80))")
        }
        let others = PayLinks(try RootSecret((2...33).map { UInt8($0) }), linkBase: "")
        #expect(others.target(code) == nil)
    }

    @Test("the text for UPI carries the amount and the transaction, and is one address")
    func upi() async throws {
        try await withApp(environment: ["CARESYNC_UPI_ID": "clinic.pay@examplebank"]) { app in
            let patient = try await app.registerPatient()
            var payment = PlantedPayment("TXN_1_UPI")
            (payment.status, payment.amount) = (.pending, Money(minorUnits: 5))
            try await payment.insert(for: patient.patientID, in: app)
            let svg = try await app.get("/api/payments/TXN_1_UPI/qr.svg", as: patient)
            #expect(svg.header("Content-Type") == "image/svg+xml")
            let text =
                "upi://pay?pa=clinic.pay@examplebank&pn=CareSync&am=0.05&cu=INR&tn=CareSync%20TXN_1_UPI&tr=TXN_1_UPI"
            #expect(svg.text == (try QRPicture.svg(text)))
            let png = try await app.get("/api/payments/TXN_1_UPI/qr.png", as: patient)
            #expect(png.header("Content-Type") == "image/png")
            #expect(png.bytes == (try QRPicture.png(text)))
            #expect(
                try await app.get("/api/payments/TXN_1_UPI/qr.png", as: try await app.registerPatient()).status == 404)
            #expect(
                try await app.get("/api/payments/TXN_1_UPI/qr.png", as: try await app.registerDoctor()).status == 403)
        }
    }

    @Test("without a UPI id the QR code leads to the page to pay on; a paid one has none")
    func pageInstead() async throws {
        try await withApp { app in
            let patient = try await app.registerPatient()
            var payment = PlantedPayment("TXN_1_PAGE")
            payment.status = .pending
            let id = try await payment.insert(for: patient.patientID, in: app)
            let configuration = app.system.configuration
            let links = PayLinks(configuration.keys.root, linkBase: configuration.linkBase)
            let svg = try await app.get("/api/payments/TXN_1_PAGE/qr.svg", as: patient)
            #expect(svg.text == (try QRPicture.svg("\(configuration.linkBase)/public/pay/\(links.code(.payment(id)))")))
            var paid = PlantedPayment("TXN_1_PAID")
            paid.completedAt = app.time.now
            try await paid.insert(for: patient.patientID, in: app)
            let none = try await app.get("/api/payments/TXN_1_PAID/qr.svg", as: patient)
            #expect(none.status == 409)
        }
    }
}

extension UInt8 {
    fileprivate var isLowerHexOrLetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }
}
