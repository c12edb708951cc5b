package import CareSyncCore
package import Persistence
package import WebAPI

/// What identity needs from the feature that keeps doctors and patients (rules/profiles 3). `CareSyncServer` supplies
/// it.
package struct AccountProfiles: Sendable {
    /// Creates the doctor or patient row of a new account, in the transaction that creates the account.
    package let create: @Sendable (_ db: any Connection, _ account: Account, _ form: ProfileForm) throws -> Void
    /// The `user` object of sign-in answers of a doctor or a patient.
    package let describe: @Sendable (_ db: any Connection, _ account: Account) throws -> AnyWireResponse
    /// The names and addresses behind an account; empty for administrators.
    package let person: @Sendable (_ db: any Connection, _ account: Account) throws -> PersonDetails

    package init(
        create: @escaping @Sendable (any Connection, Account, ProfileForm) throws -> Void,
        describe: @escaping @Sendable (any Connection, Account) throws -> AnyWireResponse,
        person: @escaping @Sendable (any Connection, Account) throws -> PersonDetails
    ) {
        self.create = create
        self.describe = describe
        self.person = person
    }
}

extension AccountProfiles {
    /// How a mail to an account begins: with the first name, or the user name of an administrator. An address whose owner
    /// was never asked is greeted without, because a stranger may have typed both.
    package func greeting(of account: Account, _ db: any Connection) throws -> String {
        if account.role == .admin { return "Hello \(account.username)," }
        guard account.emailVerifiedAt != nil, let name = try person(db, account).firstName, !name.isEmpty else {
            return "Hello,"
        }
        return "Hello \(name),"
    }
}

/// What a registration says about the person; validated, empty texts already turned into `nil`.
package struct ProfileForm: Sendable, Equatable {
    package var firstName: String
    package var lastName: String
    package var dateOfBirth: LocalDate?
    package var contactInfo: String?
    package var illnessDetails: String?
    package var gender: String?
    package var specialization: String?
    package var bloodGroup: String?

    package init(firstName: String, lastName: String) {
        self.firstName = firstName
        self.lastName = lastName
    }
}

package struct PersonDetails: Sendable, Equatable {
    package var firstName: String?
    package var lastName: String?
    package var phoneNumber: String?
    package var address: String?

    package init(firstName: String?, lastName: String?, phoneNumber: String?, address: String?) {
        self.firstName = firstName
        self.lastName = lastName
        self.phoneNumber = phoneNumber
        self.address = address
    }
}
