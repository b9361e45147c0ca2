using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace FuncLimiter.IndependentProvider;

/// <summary>What a client sent.</summary>
public sealed record Request(string Method, string Path, string Query, Func<string, string?> Header, ReadOnlyMemory<byte> Body);

/// <summary>What it gets. Disposed once the body was sent, or can't be.</summary>
public sealed class Answer(int status, IReadOnlyList<(string Name, string Value)> headers, IAsyncEnumerable<string> body, string type = "application/json") : IDisposable
{
    private Action? _ended;

    public int Status => status;

    public IReadOnlyList<(string Name, string Value)> Headers => headers;

    public IAsyncEnumerable<string> Body => body;

    public string ContentType => type;

    internal Answer OnEnd(Action ended)
    {
        _ended = ended;
        return this;
    }

    public void Dispose() => Interlocked.Exchange(ref _ended, null)?.Invoke();
}

/// <summary>Something that goes wrong for a while: a scope that is closed, an overload.</summary>
/// <param name="Status">The status of every answer until it is over.</param>
/// <param name="Seconds">How long it lasts from now.</param>
/// <param name="Model">The model that it is about; null for all.</param>
/// <param name="Hints">How its end is told.</param>
public sealed record Trouble(int Status, double Seconds, string? Model = null, HintStyle Hints = HintStyle.Seconds);

/// <summary>
/// A provider, written from what providers document and from nothing else. It holds every limit of its <see cref="Settings"/> as the provider
/// would, by its own tokenizer and its own clock, and tells by <see cref="Tell"/> what it counted.
/// </summary>
public sealed class Provider
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Settings _settings;
    private readonly long _start;
    private readonly List<Served> _served = [];
    private readonly Dictionary<string, Gauge> _pools = [];
    private readonly List<Closure> _closures = [];
    private readonly SortedDictionary<int, long> _statuses = [];
    private readonly List<double> _early = [];
    private long _number;

    public Provider(Settings settings, TimeProvider? time = null)
    {
        (_settings, _time) = (settings, time ?? TimeProvider.System);
        _start = _time.GetTimestamp();
        foreach (var deployment in settings.Deployments)
        {
            _served.Add(new Served(deployment, [.. deployment.Limits.Select((limit, index) => GaugeOf(deployment, limit, index))]));
        }
    }

    private double Now => _time.GetElapsedTime(_start).TotalSeconds;

    /// <summary>Answers one request, after as long as the provider takes for it.</summary>
    public async Task<Answer> AskAsync(Request request, CancellationToken cancellationToken)
    {
        var answer = await AnswerAsync(request, cancellationToken);
        lock (_gate)
        {
            _statuses[answer.Status] = _statuses.GetValueOrDefault(answer.Status) + 1;
        }

        return answer;
    }

    /// <summary>Lets something go wrong from now on.</summary>
    public void Begin(Trouble trouble)
    {
        lock (_gate)
        {
            _closures.Add(new Closure(trouble, Now + trouble.Seconds));
        }
    }

    /// <summary>Gives a limit another amount from now on.</summary>
    public void Change(string model, int limit, double amount)
    {
        lock (_gate)
        {
            _served.Single(served => served.Deployment.Model == model).Gauges[limit].Change(amount, Now);
        }
    }

    /// <summary>Somebody else takes a part of a limit with the same key.</summary>
    public void TakeAway(string model, int limit, double amount)
    {
        lock (_gate)
        {
            _served.Single(served => served.Deployment.Model == model).Gauges[limit].Take(amount, Now);
        }
    }

    /// <summary>What it counted until now.</summary>
    public Truth Tell()
    {
        lock (_gate)
        {
            var now = Now;
            return new Truth(now, _statuses.Values.Sum(), _statuses.ToDictionary(), [.. _early], [.. _served.Select(served => served.Tell(now))]);
        }
    }

    private Gauge GaugeOf(Deployment deployment, Limit limit, int index)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{limit.Counts} {limit.Amount}/{limit.WindowSeconds}s {limit.How}");
        if (limit.Pool is null)
        {
            return Gauge.Create(limit, name);
        }

        if (!_pools.TryGetValue(limit.Pool, out var shared))
        {
            _pools[limit.Pool] = shared = Gauge.Create(limit, $"{limit.Pool}: {name}");
        }

        return shared;
    }

    private async Task<Answer> AnswerAsync(Request request, CancellationToken cancellationToken)
    {
        if (Route.Find(request) is not { } route)
        {
            return Plain(404, """{"error":{"message":"Unknown request URL","type":"invalid_request_error","param":null,"code":"unknown_url"}}""");
        }

        var dialect = Dialect.Of(route.Api);
        JsonElement body;
        try
        {
            using var document = JsonDocument.Parse(request.Body);
            body = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return Plain(400, dialect.Error(400, "We could not parse the JSON body of your request."));
        }

        if (body.ValueKind != JsonValueKind.Object || (route.Model ?? Text(body, "model")) is not { } model)
        {
            return Plain(400, dialect.Error(400, "you must provide a model parameter"));
        }

        var served = _served.Find(one => one.Deployment.Api == route.Api && one.Deployment.Key == route.Key && one.Deployment.Model == model);
        if (served is null)
        {
            return _served.Exists(one => one.Deployment.Key == route.Key)
                ? Plain(404, dialect.Error(404, $"The model `{model}` does not exist or you do not have access to it."))
                : Plain(401, dialect.Error(401, "Incorrect API key provided."));
        }

        if (!body.EnumerateObject().Any(member => member.Name is "messages" or "input" or "contents"))
        {
            return Plain(400, dialect.Error(400, "Missing required parameter."));
        }

        if (route.Operation == Operation.CountTokens)
        {
            return Plain(200, $$"""{"input_tokens":{{WordTokens.CountPrompt(body)}}}""");
        }

        Call call;
        Answer? refused;
        IReadOnlyList<(string, string)> headers;
        lock (_gate)
        {
            call = Plan(served, route, body, ++_number);
            refused = Closed(dialect, model) ?? Admit(dialect, served, call);
            headers = refused is null ? dialect.Report(served.Gauges, Now, _time.GetUtcNow(), call.Id) : [];
        }

        if (refused is not null)
        {
            return refused;
        }

        var end = () => End(served, call);
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(call.FirstTokenMs), _time, cancellationToken);
            if (call.Streams)
            {
                return new Answer(200, headers, StreamAsync(dialect, served, call, cancellationToken), "text/event-stream").OnEnd(end);
            }

            await GenerateAsync(served, call, call.Output, cancellationToken);
            return new Answer(200, headers, One(dialect.Whole(call))).OnEnd(end);
        }
        catch
        {
            end();
            throw;
        }
    }

    private Call Plan(Served served, Route route, JsonElement body, long number)
    {
        var deployment = served.Deployment;
        var random = new Random(HashCode.Combine(_settings.Seed, number));
        var prompt = WordTokens.CountPrompt(body);
        int? named = Number(body, "max_completion_tokens") ?? Number(body, "max_tokens") ?? Number(body, "max_output_tokens")
            ?? (body.TryGetProperty("generationConfig", out var generation) ? Number(generation, "maxOutputTokens") : null);
        var max = route.Operation == Operation.Embeddings ? 0 : named ?? deployment.LongestOutput;
        var wanted = (int)Math.Ceiling(deployment.UsualOutput * Math.Exp(deployment.OutputSpread * Gauss(random)));
        var (read, written) = served.Cache.Look(body, deployment, Now);
        return new Call(string.Create(CultureInfo.InvariantCulture, $"{number:x8}"), route.Operation, deployment.Model, prompt, Math.Min(max, Math.Max(1, wanted)))
        {
            Cut = wanted > max,
            Max = named ?? (route.Operation == Operation.Embeddings ? 0 : deployment.UnnamedMax),
            Characters = WordTokens.CountCharacters(body),
            CacheRead = read,
            CacheWritten = written,
            Streams = route.Streams || (body.TryGetProperty("stream", out var stream) && stream.ValueKind == JsonValueKind.True),
            TellsUsage = body.TryGetProperty("stream_options", out var options) && options.TryGetProperty("include_usage", out var usage)
                && usage.ValueKind == JsonValueKind.True,
            Inputs = body.TryGetProperty("input", out var input) && input.ValueKind == JsonValueKind.Array ? input.GetArrayLength() : 1,
            Label = Text(body, "user") ?? (body.TryGetProperty("metadata", out var metadata) ? Text(metadata, "user_id") : null) ?? "",
            FirstTokenMs = deployment.FirstTokenMs * Math.Exp(0.3 * Gauss(random)),
            TokenMs = deployment.TokenMs * Math.Exp(0.2 * Gauss(random)),
            At = Now,
        };
    }

    private Answer? Closed(Dialect dialect, string model)
    {
        var now = Now;
        var closure = _closures.Find(one => one.End > now && (one.Trouble.Model is null || one.Trouble.Model == model));
        if (closure is null)
        {
            return null;
        }

        if (closure.ToldAt is { } told && closure.Trouble.Hints != HintStyle.None)
        {
            _early.Add(now - told);
        }

        closure.ToldAt ??= now;
        var left = closure.End - now;
        return new Answer(
            closure.Trouble.Status,
            [.. dialect.Hint(closure.Trouble.Hints, left, _time.GetUtcNow())],
            One(dialect.Error(closure.Trouble.Status, "The server is overloaded or not ready yet.")));
    }

    /// <summary>Takes what the call costs from every limit, or refuses it and takes from none.</summary>
    private Answer? Admit(Dialect dialect, Served served, Call call)
    {
        var (now, rule) = (Now, served.Deployment.Charge);
        Gauge? binding = null;
        var (longest, needed) = (0.0, 0.0);
        foreach (var gauge in served.Gauges)
        {
            var need = Charge.Needed(gauge.Limit.Counts, rule, call);
            var wait = gauge.Wait(need, now);
            if (wait > longest)
            {
                (binding, longest, needed) = (gauge, wait, need);
            }
        }

        if (binding is not null)
        {
            served.Refused++;
            served.RefusedAt.Add(now);
            foreach (var gauge in served.Gauges)
            {
                if (gauge == binding || gauge.Limit.CountsRefused)
                {
                    gauge.Refuse(Charge.AtStart(gauge.Limit.Counts, rule, call), now);
                }
            }

            return dialect.Refuse(binding, longest, needed, served, now, _time.GetUtcNow(), call.Id);
        }

        foreach (var gauge in served.Gauges)
        {
            call.Taken.Add(gauge.Take(Charge.AtStart(gauge.Limit.Counts, rule, call), now));
        }

        served.Accepted++;
        served.Calls.Add(call);
        return null;
    }

    private async IAsyncEnumerable<string> StreamAsync(
        Dialect dialect, Served served, Call call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var part in dialect.Stream(call))
        {
            await GenerateAsync(served, call, part.Tokens, cancellationToken);
            yield return part.Text;
        }
    }

    /// <summary>Writes tokens, as fast as the model does, and counts them as they come.</summary>
    private async Task GenerateAsync(Served served, Call call, int tokens, CancellationToken cancellationToken)
    {
        const int Step = 16;
        for (var left = tokens; left > 0; left -= Step)
        {
            var some = Math.Min(left, Step);
            await Task.Delay(TimeSpan.FromMilliseconds(some * call.TokenMs), _time, cancellationToken);
            lock (_gate)
            {
                call.Generated += some;
                foreach (var gauge in served.Gauges.Where(gauge => gauge.Limit.Counts == Counts.OutputTokens))
                {
                    gauge.Take(some, Now);
                }
            }
        }
    }

    private void End(Served served, Call call)
    {
        lock (_gate)
        {
            for (var index = 0; index < served.Gauges.Count; index++)
            {
                var gauge = served.Gauges[index];
                if (Charge.AtEnd(gauge.Limit.Counts, served.Deployment.Charge, call) is { } amount)
                {
                    gauge.Correct(call.Taken[index], amount, Now);
                }
            }
        }
    }

    private static Answer Plain(int status, string body) => new(status, [], One(body));

    private static async IAsyncEnumerable<string> One(string text)
    {
        await Task.CompletedTask;
        yield return text;
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int? Number(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : null;

    private static double Gauss(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private sealed class Closure(Trouble trouble, double end)
    {
        public Trouble Trouble => trouble;

        public double End => end;

        public double? ToldAt { get; set; }
    }
}

/// <summary>What a call is charged.</summary>
internal static class Charge
{
    /// <summary>What must be free for the call to be let in.</summary>
    public static double Needed(Counts counts, ChargeRule rule, Call call) => counts == Counts.OutputTokens ? 1 : AtStart(counts, rule, call);

    public static double AtStart(Counts counts, ChargeRule rule, Call call) => counts switch
    {
        Counts.Requests or Counts.Concurrent => 1,
        Counts.InputTokens => call.Prompt - call.CacheRead,
        Counts.OutputTokens => 0,
        _ => rule switch
        {
            ChargeRule.PromptPlusMax or ChargeRule.PromptPlusMaxSettled => call.Prompt + call.Max,
            ChargeRule.LargerOfPromptAndMax => Math.Max(call.Prompt, call.Max),
            ChargeRule.LargerOfCharactersAndMax => Math.Max(Math.Ceiling(call.Characters / 4.0), call.Max),
            ChargeRule.CharactersPlusMax => Math.Ceiling(call.Characters / 4.0) + call.Max,
            ChargeRule.PromptPlusCompletion => call.Prompt + call.Output,
            _ => call.Prompt,
        },
    };

    /// <summary>What the charge comes to when the call ends; null where it stays.</summary>
    public static double? AtEnd(Counts counts, ChargeRule rule, Call call) => (counts, rule) switch
    {
        (Counts.Concurrent, _) => 0,
        (Counts.Tokens, ChargeRule.PromptPlusMaxSettled or ChargeRule.PromptThenCompletion) => call.Prompt + call.Generated,
        _ => null,
    };
}

/// <summary>A call that was understood.</summary>
internal sealed record Call(string Id, Operation Operation, string Model, int Prompt, int Output)
{
    public bool Cut { get; init; }

    public int Max { get; init; }

    public int Characters { get; init; }

    public int CacheRead { get; init; }

    public int CacheWritten { get; init; }

    public bool Streams { get; init; }

    public bool TellsUsage { get; init; }

    public int Inputs { get; init; }

    /// <summary>Whose call it is, as its body says.</summary>
    public string Label { get; init; } = "";

    public double FirstTokenMs { get; init; }

    public double TokenMs { get; init; }

    public double At { get; init; }

    public int Generated { get; set; }

    public List<Entry> Taken { get; } = [];
}

/// <summary>A deployment and what it counted.</summary>
internal sealed class Served(Deployment deployment, IReadOnlyList<Gauge> gauges)
{
    public Deployment Deployment => deployment;

    public IReadOnlyList<Gauge> Gauges => gauges;

    public PrefixCache Cache { get; } = new();

    public long Accepted { get; set; }

    public long Refused { get; set; }

    public List<double> RefusedAt { get; } = [];

    public List<Call> Calls { get; } = [];

    public DeploymentTruth Tell(double now) => new(
        deployment.Model, Accepted, Refused, [.. RefusedAt], Calls.Sum(call => (long)call.Prompt), Calls.Sum(call => (long)call.Generated),
        [.. gauges.Select(gauge => new LimitTruth(
            gauge.Name, gauge.Whole, gauge.Used(now), gauge.Used(now) / gauge.Whole, gauge.MostUsed, gauge.Charged, gauge.MostInAnyWindow(), gauge.Refused))],
        Calls.GroupBy(call => call.Label).ToDictionary(
            group => group.Key,
            group => new LabelTruth(group.Count(), group.Sum(call => call.Prompt + call.Generated), group.Sum(call => call.Taken.Count == 0 ? 0 : call.Taken[0].Amount))));
}

/// <summary>What the provider counted.</summary>
/// <param name="Seconds">Since it started.</param>
/// <param name="Requests">Requests that it answered.</param>
/// <param name="Statuses">How many answers had each status.</param>
/// <param name="Early">Of the requests that came before the end that a hint had told: how long after the hint, in seconds.</param>
/// <param name="Deployments">Each model.</param>
public sealed record Truth(
    double Seconds, long Requests, IReadOnlyDictionary<int, long> Statuses, IReadOnlyList<double> Early, IReadOnlyList<DeploymentTruth> Deployments);

/// <summary>What was counted of one deployment.</summary>
/// <param name="Labels">By the name that calls carry in <c>user</c> or <c>metadata.user_id</c>.</param>
public sealed record DeploymentTruth(
    string Model, long Accepted, long Refused, IReadOnlyList<double> RefusedAt, long Prompt, long Completion,
    IReadOnlyList<LimitTruth> Limits, IReadOnlyDictionary<string, LabelTruth> Labels);

/// <summary>What was counted of one limit.</summary>
/// <param name="Whole">What it may hold.</param>
/// <param name="Use">What is used now, over the whole.</param>
/// <param name="MostUsed">The most that was ever used.</param>
/// <param name="Charged">All that was charged.</param>
/// <param name="MostInAnyWindow">The most that any span as long as the window held.</param>
public sealed record LimitTruth(
    string Name, double Whole, double Used, double Use, double MostUsed, double Charged, double MostInAnyWindow, long Refused);

/// <summary>What was counted of the calls with one name.</summary>
/// <param name="FirstLimit">What they were charged of the deployment's first limit.</param>
public sealed record LabelTruth(long Calls, long Tokens, double FirstLimit);
