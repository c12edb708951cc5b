import CareSyncTesting
import Testing

@testable import Cryptography
@testable import Identity

@Suite("What a password must be")
struct PasswordPolicyTests {
    @Test(
        "common passwords are refused, in whatever case and with signs for letters",
        arguments: [
            "password", "PASSWORD", "Password1", "p@ssw0rd", "P@$$w0rd", "1l0vey0u", "sunshine", "Elephant", "eleph4nt",
            "12345678", "aaaaaaaa", "zzzzzzzzzzzzzzzz", "1qaz2wsx", "ｐａｓｓｗｏｒｄ",
        ])
    func common(_ password: String) {
        #expect(PasswordPolicy.complaint(password) == "is one of the most common passwords")
    }

    @Test(
        "uncommon ones are not, whatever symbols they have",
        arguments: [
            "correct horse battery", "Green-Teapot-77", "Demo#Patient2026", "Demo#Doctor2026", "Admin#Demo2026",
            "kvwxqzjq", "पासवर्ड-मेरा", String(repeating: "ab", count: 64),
        ])
    func uncommon(_ password: String) {
        #expect(PasswordPolicy.complaint(password) == nil)
    }

    @Test("length counts characters, from 8 to 128")
    func length() {
        #expect(PasswordPolicy.complaint("kvwxqzj") == "must have 8 to 128 characters")
        #expect(PasswordPolicy.complaint("kvwxqzjq") == nil)
        #expect(PasswordPolicy.complaint(String(repeating: "añ", count: 64)) == nil)
        #expect(PasswordPolicy.complaint(String(repeating: "añ", count: 64) + "x") == "must have 8 to 128 characters")
    }

    @Test("without a dictionary the shortest list of common ones remains")
    func withoutDictionary() {
        #expect(PasswordPolicy.isCommon("password123", nil))
        #expect(!PasswordPolicy.isCommon("elephant", nil))
    }

    @Test("registration and change name the field that is refused", arguments: DatabaseKind.available)
    func fields(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            for password in ["Sunshine", "asha.verma", "ASHA.verma@example.org"] {
                let form = IdentityApp.form("asha.verma", ["password": password])
                let refused = try await app.post("register", form)
                #expect(refused.status == 400)
                #expect(refused.code == "VALIDATION_FAILED")
                #expect(refused.fields == ["password"])
            }
            let token = try await app.register("asha.verma").accessToken
            for password in ["Sunshine", "asha.VERMA"] {
                let change = [
                    "currentPassword": IdentityApp.password, "newPassword": password, "confirmPassword": password,
                ]
                let refused = try await app.post("change-password", change, token: token)
                #expect(refused.code == "VALIDATION_FAILED")
                #expect(refused.fields == ["newPassword"])
            }
        }
    }
}
