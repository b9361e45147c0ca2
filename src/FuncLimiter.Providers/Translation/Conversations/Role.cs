namespace FuncLimiter.Providers.Translation.Conversations;

/// <summary>Whose message it is.</summary>
internal enum Role
{
    System,
    Developer,
    User,
    Assistant,

    /// <summary>A tool's results, which some APIs put into the user's message.</summary>
    Tool,
}
