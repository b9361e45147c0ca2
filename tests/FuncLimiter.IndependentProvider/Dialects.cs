using System.Globalization;
using System.Text.Json;

namespace FuncLimiter.IndependentProvider;

/// <summary>A part of a stream, and the completion tokens that were generated for it.</summary>
internal readonly record struct Part(int Tokens, string Text);

/// <summary>How one provider words its answers, its headers and its refusals.</summary>
internal abstract class Dialect
{
    private const int TokensPerPart = 8;

    public static Dialect Of(Api api) => api switch
    {
        Api.OpenAI => new OpenAIDialect(),
        Api.Azure => new AzureDialect(),
        Api.Anthropic => new AnthropicDialect(),
        _ => new GeminiDialect(),
    };

    public abstract string Error(int status, string message);

    /// <summary>The headers of an answer that tell of the limits.</summary>
    public abstract IReadOnlyList<(string Name, string Value)> Report(IReadOnlyList<Gauge> gauges, double now, DateTimeOffset wall, string id);

    /// <summary>The refusal of a call that doesn't fit for so many seconds.</summary>
    public abstract Answer Refuse(Gauge gauge, double wait, double needed, Served served, double now, DateTimeOffset wall, string id);

    public abstract string Whole(Call call);

    public abstract IEnumerable<Part> Stream(Call call);

    /// <summary>The headers that say when to come back. Whoever comes back then must not be too early, so each is rounded up.</summary>
    public virtual IEnumerable<(string Name, string Value)> Hint(HintStyle style, double seconds, DateTimeOffset wall) => style switch
    {
        HintStyle.None => [],
        HintStyle.Milliseconds => [("retry-after-ms", Whole(Math.Ceiling(seconds * 1000)))],
        HintStyle.Date => [("retry-after", CeilingOfSecond(wall.AddSeconds(seconds)).ToString("R", CultureInfo.InvariantCulture))],
        _ => [("retry-after", Whole(Math.Ceiling(seconds)))],
    };

    protected static Answer Refusal(int status, IEnumerable<(string Name, string Value)> headers, string body) => new(status, [.. headers], Once(body));

    protected static string Whole(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    protected static string Json(object value) => JsonSerializer.Serialize(value);

    /// <summary>So many tokens of text, by this provider's own tokenizer.</summary>
    protected static string Words(int tokens) => string.Join(' ', Enumerable.Repeat("word", tokens));

    protected static IEnumerable<int> Pieces(int tokens)
    {
        for (; tokens > 0; tokens -= TokensPerPart)
        {
            yield return Math.Min(tokens, TokensPerPart);
        }
    }

    protected static string Event(object data) => $"data: {Json(data)}\n\n";

    protected static string Event(string name, object data) => $"event: {name}\ndata: {Json(data)}\n\n";

    private static DateTimeOffset CeilingOfSecond(DateTimeOffset time) => new((time.Ticks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);

    private static async IAsyncEnumerable<string> Once(string text)
    {
        await Task.CompletedTask;
        yield return text;
    }
}

/// <summary>OpenAI, as developers.openai.com/api/docs/guides/rate-limits and its API reference have it.</summary>
internal class OpenAIDialect : Dialect
{
    public override string Error(int status, string message) => Json(new
    {
        error = new
        {
            message,
            type = status switch { 401 or 404 or 400 => "invalid_request_error", 429 => "requests", 503 => "service_unavailable_error", _ => "server_error" },
            param = (string?)null,
            code = status switch { 401 => "invalid_api_key", 404 => "model_not_found", 429 => "rate_limit_exceeded", 503 => "server_is_overloaded", _ => null },
        },
    });

    public override IReadOnlyList<(string Name, string Value)> Report(IReadOnlyList<Gauge> gauges, double now, DateTimeOffset wall, string id)
    {
        List<(string, string)> headers = [("x-request-id", $"req_{id}")];
        foreach (var (name, counts) in new[] { ("requests", Counts.Requests), ("tokens", Counts.Tokens) })
        {
            // Of several limits on one thing the tightest is told.
            var gauge = gauges.Where(gauge => gauge.Limit.Counts == counts && gauge.Limit.Reported).OrderByDescending(gauge => gauge.Used(now) / gauge.Whole).FirstOrDefault();
            if (gauge is not null)
            {
                headers.Add(($"x-ratelimit-limit-{name}", Whole(gauge.Limit.Amount)));
                headers.Add(($"x-ratelimit-remaining-{name}", Whole(Math.Floor(Math.Max(0, gauge.Whole - gauge.Used(now))))));
                headers.Add(($"x-ratelimit-reset-{name}", Duration(gauge.EmptyIn(now))));
            }
        }

        return headers;
    }

    public override Answer Refuse(Gauge gauge, double wait, double needed, Served served, double now, DateTimeOffset wall, string id)
    {
        var per = gauge.Limit.WindowSeconds > 3600 ? "day" : "min";
        var (type, what) = gauge.Limit.Counts == Counts.Tokens ? ("tokens", $"tokens per {per} (TP{(per == "day" ? "D" : "M")})") : ("requests", $"requests per {per} (RP{(per == "day" ? "D" : "M")})");
        var (limit, used, requested) = (Whole(gauge.Whole), Whole(Math.Ceiling(gauge.Used(now))), Whole(needed));
        var message = double.IsPositiveInfinity(wait)
            ? $"Request too large for {served.Deployment.Model} in organization org-independent on {what}: Limit {limit}, Requested {requested}. The input or output tokens must be reduced in order to run successfully."
            : $"Rate limit reached for {served.Deployment.Model} in organization org-independent on {what}: Limit {limit}, Used {used}, Requested {requested}. Please try again in {Duration(wait)}.";
        var body = Json(new { error = new { message, type, param = (string?)null, code = "rate_limit_exceeded" } });
        return Refusal(429, [.. Report(served.Gauges, now, wall, id), .. double.IsPositiveInfinity(wait) ? [] : Hint(served.Deployment.Hints, wait, wall)], body);
    }

    public override IEnumerable<(string Name, string Value)> Hint(HintStyle style, double seconds, DateTimeOffset wall) => style == HintStyle.Own
        ? [("retry-after", Whole(Math.Ceiling(seconds))), ("retry-after-ms", Whole(Math.Ceiling(seconds * 1000)))]
        : base.Hint(style, seconds, wall);

    public override string Whole(Call call) => call.Operation switch
    {
        Operation.Embeddings => Json(new
        {
            @object = "list",
            data = Enumerable.Range(0, call.Inputs).Select(index => new { @object = "embedding", index, embedding = new[] { 0.25, -0.5, 0.125 } }),
            model = call.Model,
            usage = new { prompt_tokens = call.Prompt, total_tokens = call.Prompt },
        }),
        Operation.Responses => Json(Response(call, "completed")),
        _ => Json(new
        {
            id = $"chatcmpl-{call.Id}",
            @object = "chat.completion",
            created = 1_790_000_000,
            model = call.Model,
            choices = new[] { new { index = 0, message = new { role = "assistant", content = Words(call.Output), refusal = (string?)null }, finish_reason = call.Cut ? "length" : "stop" } },
            usage = Usage(call, call.Output),
        }),
    };

    public override IEnumerable<Part> Stream(Call call)
    {
        if (call.Operation == Operation.Responses)
        {
            return StreamResponse(call);
        }

        return StreamChat(call);
    }

    /// <summary>A duration as Go writes it: <c>6m0s</c>, <c>1.146s</c>, <c>84ms</c>, <c>0s</c>.</summary>
    protected static string Duration(double seconds)
    {
        var milliseconds = (long)Math.Ceiling(seconds * 1000);
        if (milliseconds is > 0 and < 1000)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms");
        }

        var (hours, minutes, rest) = (milliseconds / 3_600_000, milliseconds / 60_000 % 60, milliseconds % 60_000 / 1000.0);
        var tail = string.Create(CultureInfo.InvariantCulture, $"{rest:0.###}s");
        return hours > 0 ? $"{hours}h{minutes}m{tail}" : minutes > 0 ? $"{minutes}m{tail}" : tail;
    }

    private static object Usage(Call call, int output) => new
    {
        prompt_tokens = call.Prompt,
        completion_tokens = output,
        total_tokens = call.Prompt + output,
        prompt_tokens_details = new { cached_tokens = call.CacheRead, audio_tokens = 0 },
        completion_tokens_details = new { reasoning_tokens = 0, audio_tokens = 0, accepted_prediction_tokens = 0, rejected_prediction_tokens = 0 },
    };

    private static Dictionary<string, object?> Response(Call call, string status) => new()
    {
        ["id"] = $"resp_{call.Id}",
        ["object"] = "response",
        ["created_at"] = 1_790_000_000,
        ["status"] = call.Cut && status == "completed" ? "incomplete" : status,
        ["incomplete_details"] = call.Cut && status == "completed" ? new { reason = "max_output_tokens" } : null,
        ["model"] = call.Model,
        ["output"] = status == "completed"
            ? new[] { new { type = "message", id = $"msg_{call.Id}", status, role = "assistant", content = new[] { new { type = "output_text", text = Words(call.Output), annotations = Array.Empty<object>() } } } }
            : Array.Empty<object>(),
        ["usage"] = status == "completed"
            ? new
            {
                input_tokens = call.Prompt,
                input_tokens_details = new { cached_tokens = call.CacheRead },
                output_tokens = call.Output,
                output_tokens_details = new { reasoning_tokens = 0 },
                total_tokens = call.Prompt + call.Output,
            }
            : null,
    };

    private static IEnumerable<Part> StreamChat(Call call)
    {
        string Chunk(object? delta, string? finish, object? usage = null)
        {
            var chunk = new Dictionary<string, object?>
            {
                ["id"] = $"chatcmpl-{call.Id}",
                ["object"] = "chat.completion.chunk",
                ["created"] = 1_790_000_000,
                ["model"] = call.Model,
                ["choices"] = delta is null ? Array.Empty<object>() : [new { index = 0, delta, finish_reason = finish }],
            };
            if (call.TellsUsage)
            {
                chunk["usage"] = usage;
            }

            return Event(chunk);
        }

        yield return new Part(0, Chunk(new { role = "assistant", content = "" }, null));
        foreach (var piece in Pieces(call.Output))
        {
            yield return new Part(piece, Chunk(new { content = Words(piece) + " " }, null));
        }

        yield return new Part(0, Chunk(new { }, call.Cut ? "length" : "stop"));
        if (call.TellsUsage)
        {
            yield return new Part(0, Chunk(null, null, Usage(call, call.Output)));
        }

        yield return new Part(0, "data: [DONE]\n\n");
    }

    private static IEnumerable<Part> StreamResponse(Call call)
    {
        yield return new Part(0, Event("response.created", new { type = "response.created", sequence_number = 0, response = Response(call, "in_progress") }));
        var number = 0;
        foreach (var piece in Pieces(call.Output))
        {
            yield return new Part(piece, Event("response.output_text.delta", new
            {
                type = "response.output_text.delta",
                sequence_number = ++number,
                item_id = $"msg_{call.Id}",
                output_index = 0,
                content_index = 0,
                delta = Words(piece) + " ",
            }));
        }

        var end = call.Cut ? "response.incomplete" : "response.completed";
        yield return new Part(0, Event(end, new { type = end, sequence_number = ++number, response = Response(call, "completed") }));
    }
}

/// <summary>Azure OpenAI: OpenAI's bodies; resets in plain seconds, its own refusals. From learn.microsoft.com/azure/ai-foundry/openai/how-to/quota.</summary>
internal sealed class AzureDialect : OpenAIDialect
{
    public override string Error(int status, string message) => Json(new { error = new { code = Whole(status), message } });

    public override IReadOnlyList<(string Name, string Value)> Report(IReadOnlyList<Gauge> gauges, double now, DateTimeOffset wall, string id)
    {
        List<(string, string)> headers = [("apim-request-id", id), ("x-ms-region", "East US")];
        foreach (var (name, counts) in new[] { ("requests", Counts.Requests), ("tokens", Counts.Tokens) })
        {
            // The whole minute is told, not its slices.
            var gauge = gauges.Where(gauge => gauge.Limit.Counts == counts && gauge.Limit.Reported).MaxBy(gauge => gauge.Limit.WindowSeconds);
            if (gauge is not null)
            {
                headers.Add(($"x-ratelimit-limit-{name}", Whole(gauge.Limit.Amount)));
                headers.Add(($"x-ratelimit-remaining-{name}", Whole(Math.Floor(Math.Max(0, gauge.Whole - gauge.Used(now))))));
                headers.Add(($"x-ratelimit-reset-{name}", Whole(Math.Ceiling(gauge.EmptyIn(now)))));
            }
        }

        return headers;
    }

    public override Answer Refuse(Gauge gauge, double wait, double needed, Served served, double now, DateTimeOffset wall, string id)
    {
        var which = gauge.Limit.Counts == Counts.Tokens ? "token rate" : "call rate";
        var seconds = double.IsPositiveInfinity(wait) ? gauge.EmptyIn(now) : wait;
        var body = Json(new
        {
            error = new
            {
                code = "429",
                message = $"Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded {which} limit of your current OpenAI pricing tier. Please retry after {Whole(Math.Ceiling(seconds))} seconds.",
            },
        });
        return Refusal(429, [.. Report(served.Gauges, now, wall, id), .. Hint(served.Deployment.Hints, seconds, wall)], body);
    }
}

/// <summary>Anthropic, as platform.claude.com/docs/en/api/rate-limits, errors and messages-streaming have it.</summary>
internal sealed class AnthropicDialect : Dialect
{
    public override string Error(int status, string message) => Json(new
    {
        type = "error",
        error = new
        {
            type = status switch
            {
                400 => "invalid_request_error",
                401 => "authentication_error",
                404 => "not_found_error",
                413 => "request_too_large",
                429 => "rate_limit_error",
                529 => "overloaded_error",
                _ => "api_error",
            },
            message,
        },
        request_id = "req_independent",
    });

    public override IReadOnlyList<(string Name, string Value)> Report(IReadOnlyList<Gauge> gauges, double now, DateTimeOffset wall, string id)
    {
        List<(string, string)> headers = [("request-id", $"req_{id}")];
        foreach (var gauge in gauges.Where(gauge => gauge.Limit is { Reported: true, How: not Enforcement.Ramp, Counts: not Counts.Concurrent }))
        {
            var name = gauge.Limit.Counts switch { Counts.InputTokens => "input-tokens", Counts.OutputTokens => "output-tokens", Counts.Tokens => "tokens", _ => "requests" };
            var left = Math.Max(0, gauge.Whole - gauge.Used(now));

            // Tokens are told in thousands, where the limit is one of thousands.
            var remaining = gauge.Limit.Counts == Counts.Requests || gauge.Whole < 20_000 ? Math.Floor(left) : Math.Round(left / 1000) * 1000;
            headers.Add(($"anthropic-ratelimit-{name}-limit", Whole(gauge.Limit.Amount)));
            headers.Add(($"anthropic-ratelimit-{name}-remaining", Whole(remaining)));
            headers.Add(($"anthropic-ratelimit-{name}-reset", wall.AddSeconds(gauge.EmptyIn(now)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));
        }

        return headers;
    }

    public override Answer Refuse(Gauge gauge, double wait, double needed, Served served, double now, DateTimeOffset wall, string id)
    {
        var message = gauge.Limit.How == Enforcement.Ramp
            ? $"Your organization's usage increase rate exceeds the current limit of {Whole(gauge.Whole)} input tokens per minute. Please scale up your input tokens usage more gradually."
            : $"This request would exceed your organization's rate limit of {Whole(gauge.Limit.Amount)} {gauge.Limit.Counts switch { Counts.InputTokens => "input tokens", Counts.OutputTokens => "output tokens", Counts.Concurrent => "concurrent connections", _ => "requests" }} per minute.";
        var seconds = double.IsPositiveInfinity(wait) ? gauge.EmptyIn(now) : wait;
        return Refusal(429, [.. Report(served.Gauges, now, wall, id), .. Hint(served.Deployment.Hints, seconds, wall)], Error(429, message));
    }

    public override string Whole(Call call) => Json(new
    {
        id = $"msg_{call.Id}",
        type = "message",
        role = "assistant",
        model = call.Model,
        content = new[] { new { type = "text", text = Words(call.Output) } },
        stop_reason = call.Cut ? "max_tokens" : "end_turn",
        stop_sequence = (string?)null,
        usage = Usage(call, call.Output),
    });

    public override IEnumerable<Part> Stream(Call call)
    {
        yield return new Part(0, Event("message_start", new
        {
            type = "message_start",
            message = new
            {
                id = $"msg_{call.Id}",
                type = "message",
                role = "assistant",
                model = call.Model,
                content = Array.Empty<object>(),
                stop_reason = (string?)null,
                stop_sequence = (string?)null,
                usage = Usage(call, 1),
            },
        }));
        yield return new Part(0, Event("content_block_start", new { type = "content_block_start", index = 0, content_block = new { type = "text", text = "" } }));
        foreach (var piece in Pieces(call.Output))
        {
            yield return new Part(piece, Event("content_block_delta", new { type = "content_block_delta", index = 0, delta = new { type = "text_delta", text = Words(piece) + " " } }));
        }

        yield return new Part(0, Event("content_block_stop", new { type = "content_block_stop", index = 0 }));
        yield return new Part(0, Event("message_delta", new
        {
            type = "message_delta",
            delta = new { stop_reason = call.Cut ? "max_tokens" : "end_turn", stop_sequence = (string?)null },
            usage = new { output_tokens = call.Output },
        }));
        yield return new Part(0, Event("message_stop", new { type = "message_stop" }));
    }

    private static object Usage(Call call, int output) => new
    {
        input_tokens = call.Prompt - call.CacheRead - call.CacheWritten,
        cache_creation_input_tokens = call.CacheWritten,
        cache_read_input_tokens = call.CacheRead,
        output_tokens = output,
        service_tier = "standard",
    };
}

/// <summary>The Gemini API: no header tells of a limit; a refusal names it in its body. From ai.google.dev/gemini-api/docs/rate-limits.</summary>
internal sealed class GeminiDialect : Dialect
{
    public override string Error(int status, string message) => Json(new
    {
        error = new { code = status, message, status = status switch { 400 => "INVALID_ARGUMENT", 401 => "UNAUTHENTICATED", 404 => "NOT_FOUND", 429 => "RESOURCE_EXHAUSTED", 503 => "UNAVAILABLE", _ => "INTERNAL" } },
    });

    public override IReadOnlyList<(string Name, string Value)> Report(IReadOnlyList<Gauge> gauges, double now, DateTimeOffset wall, string id) => [];

    public override IEnumerable<(string Name, string Value)> Hint(HintStyle style, double seconds, DateTimeOffset wall) => [];

    public override Answer Refuse(Gauge gauge, double wait, double needed, Served served, double now, DateTimeOffset wall, string id)
    {
        var seconds = double.IsPositiveInfinity(wait) ? gauge.EmptyIn(now) : wait;
        var (quota, metric) = gauge.Limit.Counts == Counts.Requests
            ? ("GenerateRequestsPerMinutePerProjectPerModel-PaidTier", "generate_content_paid_tier_requests")
            : ("GenerateContentPaidTierInputTokensPerModelPerMinute", "generate_content_paid_tier_input_token_count");
        var message = string.Create(CultureInfo.InvariantCulture, $"You exceeded your current quota.\n* Quota exceeded for metric: generativelanguage.googleapis.com/{metric}, limit: {gauge.Whole:0}\nPlease retry in {seconds:0.000000}s.");
        return Refusal(429, [], Json(new
        {
            error = new
            {
                code = 429,
                message,
                status = "RESOURCE_EXHAUSTED",
                details = new object[]
                {
                    new Dictionary<string, object>
                    {
                        ["@type"] = "type.googleapis.com/google.rpc.QuotaFailure",
                        ["violations"] = new[] { new { quotaMetric = $"generativelanguage.googleapis.com/{metric}", quotaId = quota, quotaDimensions = new { location = "global", model = served.Deployment.Model }, quotaValue = Whole(gauge.Whole) } },
                    },
                    new Dictionary<string, object> { ["@type"] = "type.googleapis.com/google.rpc.RetryInfo", ["retryDelay"] = $"{Whole(Math.Floor(seconds))}s" },
                },
            },
        }));
    }

    public override string Whole(Call call) => Json(Content(call, call.Output, call.Output, true));

    public override IEnumerable<Part> Stream(Call call)
    {
        var told = 0;
        foreach (var piece in Pieces(call.Output))
        {
            told += piece;
            yield return new Part(piece, Event(Content(call, piece, told, told == call.Output)));
        }
    }

    private static object Content(Call call, int words, int told, bool last) => new
    {
        candidates = new[] { new { content = new { role = "model", parts = new[] { new { text = Words(words) } } }, finishReason = !last ? null : call.Cut ? "MAX_TOKENS" : "STOP", index = 0 } },
        usageMetadata = new { promptTokenCount = call.Prompt, candidatesTokenCount = told, totalTokenCount = call.Prompt + told, cachedContentTokenCount = call.CacheRead },
        modelVersion = call.Model,
        responseId = call.Id,
    };
}
