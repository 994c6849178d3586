using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Consent.Storage.Migrations
{
    /// <inheritdoc />
    public partial class PaymentTypes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_consents_ClientId_CreatedAt",
                schema: "consent",
                table: "consents");

            migrationBuilder.DropIndex(
                name: "IX_consents_CreatedAt",
                schema: "consent",
                table: "consents");

            migrationBuilder.AddColumn<int>(
                name: "FilePayments",
                schema: "consent",
                table: "consents",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<decimal>(
                name: "FileSum",
                schema: "consent",
                table: "consents",
                type: "numeric(28,5)",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "exchange_contracts",
                schema: "consent",
                columns: table => new
                {
                    Id = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false),
                    From = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    To = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    Rate = table.Column<decimal>(type: "numeric(18,8)", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_exchange_contracts", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "payment_files",
                schema: "consent",
                columns: table => new
                {
                    ConsentId = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    MediaType = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    Content = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_payment_files", x => x.ConsentId);
                });

            migrationBuilder.CreateIndex(
                name: "IX_consents_ClientId_CreatedAt",
                schema: "consent",
                table: "consents",
                columns: new[] { "ClientId", "CreatedAt" },
                filter: "\"State\" IN ('AWAU', 'AWUP')");

            migrationBuilder.CreateIndex(
                name: "IX_consents_CreatedAt",
                schema: "consent",
                table: "consents",
                column: "CreatedAt",
                filter: "\"State\" IN ('AWAU', 'AWUP')");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "exchange_contracts",
                schema: "consent");

            migrationBuilder.DropTable(
                name: "payment_files",
                schema: "consent");

            migrationBuilder.DropIndex(
                name: "IX_consents_ClientId_CreatedAt",
                schema: "consent",
                table: "consents");

            migrationBuilder.DropIndex(
                name: "IX_consents_CreatedAt",
                schema: "consent",
                table: "consents");

            migrationBuilder.DropColumn(
                name: "FilePayments",
                schema: "consent",
                table: "consents");

            migrationBuilder.DropColumn(
                name: "FileSum",
                schema: "consent",
                table: "consents");

            migrationBuilder.CreateIndex(
                name: "IX_consents_ClientId_CreatedAt",
                schema: "consent",
                table: "consents",
                columns: new[] { "ClientId", "CreatedAt" },
                filter: "\"State\" = 'AWAU'");

            migrationBuilder.CreateIndex(
                name: "IX_consents_CreatedAt",
                schema: "consent",
                table: "consents",
                column: "CreatedAt",
                filter: "\"State\" = 'AWAU'");
        }
    }
}
