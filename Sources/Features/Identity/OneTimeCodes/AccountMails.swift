import CareSyncCore
import Mail
import Persistence

/// Mails about an account, addressed to whoever has it when they leave.
enum AccountMails {
    /// How the mails greet: the first name, or the user name of an administrator.
    static func name(of account: Account, _ profiles: AccountProfiles, _ db: any Connection) throws -> String {
        let first = try profiles.person(db, account).firstName ?? ""
        return first.isEmpty ? account.username : first
    }
}
