namespace FuncLimiter.Providers.Dialects;

/// <summary>What a request must have, beyond being JSON.</summary>
internal static class RequestRules
{
    /// <summary>Models' names are shorter everywhere.</summary>
    private const int MaxModelLength = 256;

    /// <summary>The first thing that is missing; null where all is there.</summary>
    public static RequestProblem? Check(Operation operation, in RequestScan scan, string? modelFromPath)
    {
        var model = modelFromPath ?? scan.Model;
        if (model is null)
        {
            return RequestProblem.Missing("model", "Name the model to use.");
        }

        if (string.IsNullOrWhiteSpace(model) || model.Length > MaxModelLength)
        {
            return new RequestProblem($"Invalid value for 'model': expected a name of 1 to {MaxModelLength} characters.", "model", "invalid_value");
        }

        return operation switch
        {
            Operation.ChatCompletions when !scan.HasMessages => RequestProblem.Missing("messages", "Send an array with at least one message."),
            Operation.Messages or Operation.CountTokens when !scan.HasMessages =>
                RequestProblem.Missing("messages", "Send an array with at least one message."),
            Operation.Messages when scan.MaxOutputTokens is null =>
                RequestProblem.Missing("max_tokens", "Say how many tokens the answer may have at most."),
            Operation.Embeddings when !scan.HasInput => RequestProblem.Missing("input", "Send the text to embed."),
            Operation.Responses when !scan.HasInput && !scan.HasContext =>
                RequestProblem.Missing("input", "Send the text or the items to respond to."),
            _ => null,
        };
    }
}
