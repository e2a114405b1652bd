/// Replaces `$(NAME)` in the text by the variable's value. `$$` is a dollar sign; a reference to an unknown variable
/// stays as it is. https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
func expandVariables(_ text: String, _ value: (String) -> String?) -> String {
    let dollar = UInt8(ascii: "$")
    let bytes = Array(text.utf8)
    guard bytes.contains(dollar) else { return text }
    var out: [UInt8] = []
    var at = 0
    while at < bytes.count {
        guard bytes[at] == dollar, at + 1 < bytes.count else {
            out.append(bytes[at])
            at += 1
            continue
        }
        switch bytes[at + 1] {
        case dollar:
            out.append(dollar)
            at += 2
        case UInt8(ascii: "("):
            guard let end = bytes[(at + 2)...].firstIndex(of: UInt8(ascii: ")")) else {
                out += bytes[at...(at + 1)]
                at += 2
                continue
            }
            let name = String(decoding: bytes[(at + 2)..<end], as: UTF8.self)
            out += value(name).map { Array($0.utf8) } ?? Array(bytes[at...end])
            at = end + 1
        default:
            out += bytes[at...(at + 1)]
            at += 2
        }
    }
    return String(decoding: out, as: UTF8.self)
}
