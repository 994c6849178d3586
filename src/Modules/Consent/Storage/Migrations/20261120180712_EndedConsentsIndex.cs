using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Consent.Storage.Migrations
{
    /// <inheritdoc />
    public partial class EndedConsentsIndex : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "IX_consents_StateChangedAt",
                schema: "consent",
                table: "consents",
                column: "StateChangedAt",
                filter: "\"State\" IN ('RJCT', 'CANC', 'EXPD', 'GONE') AND left(\"Id\", 4) IN ('aac-', 'fcc-')");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_consents_StateChangedAt",
                schema: "consent",
                table: "consents");
        }
    }
}
