namespace FuncLimiter.Providers.Translation.Conversations;

/// <summary>One message as the caller wrote it.</summary>
/// <param name="Role">Whose.</param>
/// <param name="Parts">What it holds, in order.</param>
/// <param name="Path">Where it stands.</param>
internal sealed record Message(Role Role, IReadOnlyList<Part> Parts, string Path)
{
    /// <summary>Whether it instructs the model rather than taking part in the conversation.</summary>
    public bool IsInstruction => Role is Role.System or Role.Developer;
}
