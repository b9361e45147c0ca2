using System.Text.Json;

namespace FuncLimiter.Simulation.Providers.Requests;

/// <summary>Turns a body into a request, or says what is wrong with it in the provider's words.</summary>
internal static class DoubleRequestReader
{
    private const int MostChoices = 128;

    /// <summary>Reads a body.</summary>
    /// <param name="body">The raw bytes.</param>
    /// <param name="operation">What its path asked for.</param>
    /// <param name="dialect">Whose rules hold.</param>
    /// <param name="problem">What is wrong, where null is returned.</param>
    public static ReceivedRequest? Read(
        ReadOnlySpan<byte> body, RequestOperation operation, ProviderDialect dialect, out DoubleProblem? problem)
    {
        try
        {
            var fields = DoubleRequestFields.Read(body);
            problem = Check(fields, operation, dialect);
            return problem is null ? Build(fields, operation, dialect, body) : null;
        }
        catch (JsonException)
        {
            problem = new DoubleProblem(
                dialect == ProviderDialect.Anthropic
                    ? "The request body is not valid JSON."
                    : "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
                        + "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
                null,
                null);
            return null;
        }
    }

    private static DoubleProblem? Check(in DoubleRequestFields fields, RequestOperation operation, ProviderDialect dialect)
    {
        var anthropic = dialect == ProviderDialect.Anthropic;
        var limitName = operation == RequestOperation.Responses ? "max_output_tokens" : "max_tokens";
        var prompt = operation is RequestOperation.Responses or RequestOperation.Embeddings ? "input" : "messages";
        return fields switch
        {
            { Model: null } when dialect != ProviderDialect.Azure => new DoubleProblem(
                anthropic ? "model: Field required" : "you must provide a model parameter", anthropic ? null : "model", null),
            { MaxTokens: <= 0 } => new DoubleProblem(
                anthropic
                    ? "max_tokens: must be greater than or equal to 1"
                    : $"Invalid '{limitName}': integer below minimum value. Expected a value >= 1, but got {fields.MaxTokens} instead.",
                limitName,
                "integer_below_min_value"),
            { MaxTokens: null } when operation == RequestOperation.Messages => new DoubleProblem("max_tokens: Field required", null, null),
            { Choices: <= 0 or > MostChoices } => new DoubleProblem(
                $"Invalid 'n': expected a value between 1 and {MostChoices}, but got {fields.Choices} instead.", "n", "invalid_value"),
            { Messages.Length: 0 } => new DoubleProblem(
                anthropic ? "messages: Field required" : $"Missing required parameter: '{prompt}'.", prompt, "missing_required_parameter"),
            _ => null,
        };
    }

    private static ReceivedRequest Build(
        in DoubleRequestFields fields, RequestOperation operation, ProviderDialect dialect, ReadOnlySpan<byte> body)
    {
        var scan = new PromptScan(PrefixFor(dialect, body));

        // The order in which providers put a prompt together, which is the order that a prefix cache knows.
        if (!fields.Tools.IsEmpty)
        {
            scan.AddRaw(fields.Tools);
        }

        if (!fields.System.IsEmpty)
        {
            scan.Add(fields.System, messages: false);
        }

        scan.Add(fields.Messages, messages: true);
        var tool = ToolName(fields.Tools);
        return new ReceivedRequest
        {
            Operation = operation,
            Model = fields.Model ?? "",
            Stream = fields.Stream,
            IncludeUsage = fields.IncludeUsage,
            MaxTokens = fields.MaxTokens,
            Choices = fields.Choices ?? 1,
            BestOf = Math.Clamp(fields.BestOf ?? 1, 1, MostChoices),
            Characters = scan.Characters,
            Images = scan.Images,
            Messages = scan.Messages,
            TokenIds = scan.TokenIds,
            Inputs = InputCount(fields.Messages),
            Tool = tool,
            CallTool = tool is not null && !scan.LastIsToolResult && (scan.LastAsksForTool || fields.ToolDemanded),
            EmbeddingDimensions = fields.EmbeddingDimensions,
            Base64 = fields.Base64,
            Fingerprint = scan.Prefix?.Value ?? PrefixHash.Of(fields.Messages),
            Prefixes = scan.Prefix?.Marks ?? [],
        };
    }

    /// <summary>Hashing costs time, so it is only done where a cache could come of it.</summary>
    private static PrefixHash? PrefixFor(ProviderDialect dialect, ReadOnlySpan<byte> body) =>
        dialect != ProviderDialect.Anthropic ? (body.Length >= 8 * PrefixHash.StepBytes ? new PrefixHash(steps: true) : null)
        : body.IndexOf("\"cache_control\""u8) >= 0 ? new PrefixHash(steps: false)
        : null;

    private static string? ToolName(ReadOnlySpan<byte> tools)
    {
        if (tools.IsEmpty)
        {
            return null;
        }

        var reader = new Utf8JsonReader(tools);
        while (reader.Read() && !(reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == 1))
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth <= 3 && reader.ValueTextEquals("name"u8))
            {
                reader.Read();
                return reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            }
        }

        return null;
    }

    /// <summary>A text or a list of token ids is one input, a list of either is as many.</summary>
    private static int InputCount(ReadOnlySpan<byte> input)
    {
        var reader = new Utf8JsonReader(input);
        var count = 0;
        while (reader.Read())
        {
            if (reader.CurrentDepth == 0 && reader.TokenType == JsonTokenType.String)
            {
                return 1;
            }

            if (reader.CurrentDepth == 1)
            {
                if (reader.TokenType == JsonTokenType.Number)
                {
                    return 1;
                }

                count++;
                reader.Skip();
            }
        }

        return Math.Max(1, count);
    }
}
