namespace FuncLimiter.Providers.Translation.Conversations;

/// <summary>
/// What one side says before the other does, for APIs in which the two sides take turns: neighbouring messages of one side are one turn, and
/// tools' results are the user's.
/// </summary>
/// <param name="IsAssistant">Whether it is the model's.</param>
/// <param name="Parts">What it holds, in order.</param>
internal sealed record Turn(bool IsAssistant, IReadOnlyList<Part> Parts)
{
    /// <summary>The turns of a conversation, its instructions left out.</summary>
    public static IReadOnlyList<Turn> Of(Conversation conversation)
    {
        var turns = new List<Turn>();
        foreach (var message in conversation.Messages.Where(message => !message.IsInstruction))
        {
            var isAssistant = message.Role == Role.Assistant;
            if (turns is [.., var last] && last.IsAssistant == isAssistant)
            {
                turns[^1] = new Turn(isAssistant, [.. last.Parts, .. message.Parts]);
            }
            else
            {
                turns.Add(new Turn(isAssistant, message.Parts));
            }
        }

        return turns;
    }
}
