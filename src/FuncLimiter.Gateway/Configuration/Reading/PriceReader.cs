namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads what a model costs.</summary>
internal sealed class PriceReader(MistakeList mistakes)
{
    private const decimal MostPrice = 1_000_000;

    public PriceConfiguration? Read(ObjectReader model)
    {
        if (model.Inner("price", Shapes.Price) is not { } reader)
        {
            return null;
        }

        var input = reader.Number("input", 0, MostPrice, required: true);
        var output = reader.Number("output", 0, MostPrice, required: true);
        var cached = reader.Number("cachedInput", 0, MostPrice);
        if (cached > input)
        {
            mistakes.Add(reader.At("cachedInput"), $"{cached}, above the input price of {input}", "write at most the input price, or leave it out");
        }

        return new PriceConfiguration(input ?? 0, cached ?? input ?? 0, output ?? 0)
        {
            CacheWrite = reader.Number("cacheWrite", 0, MostPrice),
            BatchDiscount = reader.Number("batchDiscount", 0, 1) ?? PriceConfiguration.UsualBatchDiscount,
        };
    }
}
