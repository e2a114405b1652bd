/// Whether the text can name an image: `[HOST[:PORT]/]PATH[:TAG][@ALGORITHM:HEX]`, with the rules of
/// https://pkg.go.dev/github.com/distribution/reference.
func isImageName(_ text: String) -> Bool {
    var name = text[...]
    if let at = name.lastIndex(of: "@") {
        guard isDigest(name[name.index(after: at)...]) else { return false }
        name = name[..<at]
    }
    if let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") {
        let tag = name[name.index(after: colon)...]
        guard (1...128).contains(tag.utf8.count), tag.first.map({ isWord($0) }) ?? false,
            tag.allSatisfy({ isWord($0) || $0 == "." || $0 == "-" })
        else { return false }
        name = name[..<colon]
    }
    var parts = name.split(separator: "/", omittingEmptySubsequences: false)
    // The first part is a host if it looks like one.
    if parts.count > 1, let first = parts.first,
        first == "localhost" || first.contains(where: { ".:".contains($0) || $0.isUppercase })
    {
        guard isHost(first) else { return false }
        parts.removeFirst()
    }
    return name.utf8.count <= 255 && !parts.isEmpty && parts.allSatisfy(isPathPart)
}

private func isWord(_ character: Character) -> Bool { isAlphanumeric(character) || character == "_" }

private func isAlphanumeric(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber)
}

/// Lower case letters and digits, with single dots, one or two underscores, or dashes between them.
private func isPathPart(_ part: Substring) -> Bool {
    let separators = part.split(whereSeparator: { isAlphanumeric($0) })
    return !part.isEmpty && part.allSatisfy { isAlphanumeric($0) && !$0.isUppercase || "._-".contains($0) }
        && part.first.map { isAlphanumeric($0) } ?? false && part.last.map { isAlphanumeric($0) } ?? false
        && separators.allSatisfy { $0 == "." || $0 == "_" || $0 == "__" || $0.allSatisfy { $0 == "-" } }
}

private func isHost(_ host: Substring) -> Bool {
    if host.hasPrefix("[") {
        guard let end = host.firstIndex(of: "]") else { return false }
        let rest = host[host.index(after: end)...]
        return host[host.index(after: host.startIndex)..<end].allSatisfy { $0.isHexDigit || $0 == ":" }
            && (rest.isEmpty || rest.first == ":" && isPort(rest.dropFirst()))
    }
    let parts = host.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    return (parts.count == 1 || isPort(parts[1]))
        && parts[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.allSatisfy { isAlphanumeric($0) || $0 == "-" } && label.first != "-"
                && label.last != "-"
        }
}

private func isPort(_ text: Substring) -> Bool { !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber } }

private func isDigest(_ text: Substring) -> Bool {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    return parts.count == 2 && parts[0].first.map { $0.isASCII && $0.isLetter } ?? false
        && parts[0].allSatisfy { isAlphanumeric($0) || "+._-".contains($0) }
        && parts[1].utf8.count >= 32 && parts[1].allSatisfy { $0.isASCII && $0.isHexDigit }
}
