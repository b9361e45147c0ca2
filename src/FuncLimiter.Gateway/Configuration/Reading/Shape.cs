namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>One member that an object may have.</summary>
/// <param name="Name">The member's name.</param>
/// <param name="Wanted">What to write there, as the end of the sentence "write ...".</param>
internal sealed record Member(string Name, string Wanted)
{
    /// <summary>True where the value must never be shown.</summary>
    public bool Secret { get; init; }
}

/// <summary>The members that one kind of object in the configuration may have.</summary>
internal sealed record Shape(string Name, params IReadOnlyList<Member> Members)
{
    public Member this[string name] =>
        Members.FirstOrDefault(member => member.Name == name) ?? throw new ArgumentException($"{Name} has no member {name}.", nameof(name));
}
