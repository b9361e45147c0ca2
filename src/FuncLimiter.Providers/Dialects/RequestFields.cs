namespace FuncLimiter.Providers.Dialects;

/// <summary>The top-level properties that are read; each may stand once.</summary>
[Flags]
internal enum RequestFields
{
    None = 0,
    Model = 1,
    Stream = 1 << 1,
    StreamOptions = 1 << 2,
    MaxTokens = 1 << 3,
    MaxCompletionTokens = 1 << 4,
    MaxOutputTokens = 1 << 5,
    N = 1 << 6,
    BestOf = 1 << 7,
    Messages = 1 << 8,
    Input = 1 << 9,
    System = 1 << 10,
    Instructions = 1 << 11,
    Tools = 1 << 12,
    Functions = 1 << 13,
    ResponseFormat = 1 << 14,
    Text = 1 << 15,
    Prompt = 1 << 16,
    PreviousResponse = 1 << 17,
    Conversation = 1 << 18,
}
