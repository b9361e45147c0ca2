using FuncLimiter.Providers.Batches;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads how an account's batch service is used.</summary>
internal sealed class BatchReader(MistakeList mistakes)
{
    private const decimal MostSeconds = 7 * 24 * 3600;
    private const long MostCalls = 1_000_000;
    private const long MostBytes = 1_000_000_000;
    private const long MostTokens = 1_000_000_000_000;

    public BatchConfiguration? Read(ObjectReader account, string? provider)
    {
        if (account.Inner("batch", Shapes.Batch) is not { } reader)
        {
            return null;
        }

        if (provider is not null && ProviderBatches.Of(provider) is null)
        {
            mistakes.Add(
                account.At("batch"), $"batch at {provider}",
                $"leave it out; the batch services of {string.Join(", ", ProviderBatches.Providers.Order(StringComparer.Ordinal))} can be used");
            return null;
        }

        var usual = new BatchConfiguration();
        var batch = usual with
        {
            LeastTime = Span(reader.Number("minDeadlineSeconds", 60, MostSeconds)) ?? usual.LeastTime,
            Reserve = Span(reader.Number("reserveSeconds", 0, MostSeconds)) ?? usual.Reserve,
            CollectFor = Span(reader.Number("collectSeconds", 0, MostSeconds)) ?? usual.CollectFor,
            PollEvery = Span(reader.Number("pollSeconds", 1, MostSeconds)) ?? usual.PollEvery,
            MinCalls = (int)(reader.Whole("minCalls", 1, MostCalls) ?? usual.MinCalls),
            MaxCalls = (int?)reader.Whole("maxCalls", 1, MostCalls),
            MaxBytes = reader.Whole("maxBytes", 1024, MostBytes),
            MaxQueuedTokens = reader.Whole("maxQueuedTokens", 1, MostTokens),
        };
        Check(reader, batch, provider);
        return batch;
    }

    private void Check(ObjectReader reader, BatchConfiguration batch, string? provider)
    {
        if (batch.Reserve + batch.CollectFor >= batch.LeastTime)
        {
            mistakes.Add(
                reader.At(reader.Has("minDeadlineSeconds") ? "minDeadlineSeconds" : reader.Has("reserveSeconds") ? "reserveSeconds" : "collectSeconds"),
                $"{batch.LeastTime.TotalSeconds:0} s to the deadline, of which {batch.CollectFor.TotalSeconds:0} s collect and {batch.Reserve.TotalSeconds:0} s are reserved",
                "write a minDeadlineSeconds above collectSeconds and reserveSeconds together: a call would come back before it goes");
        }

        if (provider is not null && ProviderBatches.Of(provider) is { } service)
        {
            CheckMost(reader, "maxCalls", batch.MaxCalls, service.MostCalls, provider);
            CheckMost(reader, "maxBytes", batch.MaxBytes, service.MostBytes, provider);
        }

        if (batch.MinCalls > (batch.MaxCalls ?? int.MaxValue))
        {
            mistakes.Add(reader.At("minCalls"), $"{batch.MinCalls}, above maxCalls of {batch.MaxCalls}", "write at most maxCalls");
        }
    }

    private void CheckMost(ObjectReader reader, string name, long? written, long most, string provider)
    {
        if (written > most)
        {
            mistakes.Add(reader.At(name), $"{written}, above the {most} that {provider} takes", $"write at most {most}, or leave it out");
        }
    }

    private static TimeSpan? Span(decimal? seconds) => seconds is { } value ? TimeSpan.FromSeconds((double)value) : null;
}
