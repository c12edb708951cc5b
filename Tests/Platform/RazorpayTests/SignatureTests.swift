import CareSyncCore
import Cryptography
import Foundation
import Razorpay
import Testing

@Suite("Signatures of Razorpay")
struct SignatureTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        let key: String
        let first: String
        let second: String
        let signature: String

        var testDescription: String { name }
    }

    /// Of the test suites of the vendor's own SDKs. All of these are made of two texts with a bar between.
    static let vectors = [
        Vector(
            name: "checkout (python)", key: "key_secret", first: "fake_order_id", second: "fake_payment_id",
            signature: "b2335e3b0801106b84a7faff035df56ecffde06918c9ddd1f0fafbb37a51cc89"),
        Vector(
            name: "checkout (java, node)", key: "EnLs21M47BllR3X8PSFtjtbd", first: "order_IEIaMR65cu6nz3",
            second: "pay_IH4NVgf4Dreq1l",
            signature: "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f"),
        Vector(
            name: "subscription", key: "EnLs21M47BllR3X8PSFtjtbd", first: "pay_IDZNwZZFtnjyym",
            second: "sub_ID6MOhgkcoHj9I",
            signature: "601f383334975c714c91a7d97dd723eb56520318355863dcf3821c0d07a17693"),
        Vector(
            name: "payment link", key: "EnLs21M47BllR3X8PSFtjtbd", first: "plink_IH3cNucfVEgV68|TSsd1989|paid",
            second: "pay_IH3d0ara9bSsjQ",
            signature: "07ae18789e35093e51d0a491eb9922646f3f82773547e5b0f67ee3f2d3bf7d5b"),
    ]

    private static let webhookBody = Array(#"{"a":1,"b":2,"c":{"d":3}}"#.utf8)
    private static let webhookSignature = "2fe04e22977002e6c7cb553adab8b460cb9e2a4970d5953cb27a8472752e3bbc"

    private func signatures(key: String = "k", webhook secrets: [String] = []) -> RazorpaySignatures {
        RazorpaySignatures(
            keySecret: SecretBytes(Array(key.utf8)), webhookSecrets: secrets.map { SecretBytes(Array($0.utf8)) })
    }

    private func sign(_ body: [UInt8], _ secret: String) -> String {
        Hex.text(KeyedHash(SecretBytes(Array(secret.utf8))).code(for: body))
    }

    /// What looks like a signature and is none.
    private func wrong(_ signature: String) -> [String] {
        let changed = signature.indices.map { index in
            var text = signature
            text.replaceSubrange(index...index, with: text[index] == "0" ? "1" : "0")
            return text
        }
        let bytes = Array(signature.utf8)
        return changed + [
            "", " ", "test_signature", "sdfafds", signature.uppercased(), " " + signature, signature + " ",
            signature + "00", String(signature.dropLast()), String(signature.dropFirst(2)), "sha256=" + signature,
            Data(bytes).base64EncodedString(), signature + "\u{0}", String(repeating: "0", count: 64), "é",
        ]
    }

    @Test("the vendor's vectors of the checkout are valid", arguments: vectors)
    func checkout(_ vector: Vector) {
        let own = signatures(key: vector.key)
        #expect(own.isCheckoutValid(order: vector.first, payment: vector.second, signature: vector.signature))
        for signature in wrong(vector.signature) {
            #expect(!own.isCheckoutValid(order: vector.first, payment: vector.second, signature: signature))
        }
        #expect(!own.isCheckoutValid(order: vector.second, payment: vector.first, signature: vector.signature))
        #expect(!own.isCheckoutValid(order: vector.first + "0", payment: vector.second, signature: vector.signature))
        #expect(!own.isCheckoutValid(order: vector.first, payment: "", signature: vector.signature))
        let other = signatures(key: vector.key + "x")
        #expect(!other.isCheckoutValid(order: vector.first, payment: vector.second, signature: vector.signature))
    }

    @Test("the vendor's vector of the webhook is valid, and nothing near it")
    func webhook() {
        let own = signatures(webhook: ["123456"])
        #expect(own.isWebhookValid(Self.webhookSignature, body: Self.webhookBody))
        for signature in wrong(Self.webhookSignature) {
            #expect(!own.isWebhookValid(signature, body: Self.webhookBody))
        }
        #expect(!own.isWebhookValid(Self.webhookSignature, body: []))
        #expect(!signatures(webhook: ["123457"]).isWebhookValid(Self.webhookSignature, body: Self.webhookBody))
        #expect(!signatures(key: "123456").isWebhookValid(Self.webhookSignature, body: Self.webhookBody))
    }

    @Test("each byte of a body counts")
    func everyByte() {
        let own = signatures(webhook: ["123456"])
        for index in Self.webhookBody.indices {
            for bit in 0..<8 {
                var body = Self.webhookBody
                body[index] ^= 1 << bit
                #expect(!own.isWebhookValid(Self.webhookSignature, body: body))
            }
        }
        #expect(!own.isWebhookValid(Self.webhookSignature, body: Self.webhookBody + [0x0A]))
        #expect(!own.isWebhookValid(Self.webhookSignature, body: Self.webhookBody.dropLast()))
    }

    @Test(
        "a body is taken byte for byte, with white space, escapes and scripts of any kind",
        arguments: [
            "{\r\n\t\"a\" :  1 ,\u{A0}\"b\":\"\u{FEFF}\"}\n\n", #"{"name":"\u0905\u0928\/\u00e9"}"#,
            "{\"name\":\"आशा é é 🩺\"}",
            "\u{FEFF}{}", " ", "{\"a\":1.0,\"a\":1}", "{\"a\":\"\u{0}\"}",
        ])
    func anyBody(_ text: String) {
        let own = signatures(webhook: ["sécret ключ"])
        let body = Array(text.utf8)
        #expect(own.isWebhookValid(sign(body, "sécret ключ"), body: body))
        #expect(!own.isWebhookValid(sign(body, "secret ключ"), body: body))
        // What looks the same is another body.
        let composed = Array(text.precomposedStringWithCanonicalMapping.utf8)
        if composed != body { #expect(!own.isWebhookValid(sign(body, "sécret ключ"), body: composed)) }
    }

    @Test("bytes that are no text can be signed, too")
    func anyBytes() {
        let body: [UInt8] = [0xFF, 0x00, 0xC3, 0x28]
        #expect(signatures(webhook: ["s"]).isWebhookValid(sign(body, "s"), body: body))
    }

    @Test("after a change of the secret, events signed with the one before are taken, and none without a secret")
    func previousSecret() {
        let body = Self.webhookBody
        let own = signatures(webhook: ["new", "old"])
        #expect(own.isWebhookValid(sign(body, "new"), body: body))
        #expect(own.isWebhookValid(sign(body, "old"), body: body))
        #expect(!own.isWebhookValid(sign(body, "older"), body: body))
        #expect(!signatures().isWebhookValid(sign(body, ""), body: body))
    }
}
